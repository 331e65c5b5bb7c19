import { createHash } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Client, FetchLike } from "../contract/client.ts";
import type { Reply } from "../contract/routes.ts";
import { errorCode } from "../platform/error-code.ts";
import { writePrivateFile } from "../platform/write-private-file.ts";
import { CommandError } from "./failure.ts";

/** The session of a person who signed in with this command. `cookie` is the name and value that the server set. */
export type OwnSession = { baseUrl: string; cookie: string; csrf: string };

/** One file per platform, in the person's home: there need not be a platform on this machine. */
function sessionFile(baseUrl: string): string {
  const name = createHash("sha256").update(baseUrl).digest("hex").slice(0, 16);
  return join(homedir(), ".aqueduto", `sign-in-${name}.json`);
}

/** Asks who is signed in, and keeps the session for the next commands in a file that only this user reads. */
export async function keepSession(session: OwnSession, client: Client): Promise<Reply<"GET /v1/session">> {
  const who = await client.call("GET /v1/session");
  session.csrf = who.csrf;
  const file = sessionFile(session.baseUrl);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writePrivateFile(file, `${JSON.stringify(session)}\n`);
  return who;
}

/** Forgets the session of a platform. */
export async function forgetSession(baseUrl: string): Promise<void> {
  await rm(sessionFile(baseUrl), { force: true });
}

/** The session that `aqueduto sign-in` kept for this address. */
export async function ownSession(baseUrl: string): Promise<OwnSession> {
  try {
    return keptSession(await readFile(sessionFile(baseUrl), "utf8"));
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    throw new CommandError(`nobody is signed in at ${baseUrl} from here: aqueduto sign-in`);
  }
}

/** What keepSession wrote. */
function keptSession(text: string): OwnSession {
  return JSON.parse(text) as OwnSession;
}

/** A fetch that speaks as the session's person, the way a page of the console does, and takes up each new cookie. */
export function fetchAs(session: OwnSession): FetchLike {
  return async (url, init) => {
    const own = { ...(session.cookie === "" ? {} : { cookie: session.cookie }), origin: session.baseUrl, "aqueduto-csrf": session.csrf };
    const response = await fetch(url, { ...init, headers: { ...init.headers, ...own } });
    const [set] = response.headers.getSetCookie();
    if (set !== undefined) session.cookie = set.split(";")[0] ?? "";
    return response;
  };
}
