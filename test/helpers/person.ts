import { type Client, createClient } from "../../src/contract/client.ts";
import type { Reply } from "../../src/contract/routes.ts";
import { totpAt } from "./people.ts";

/** A person at a browser: their own cookie, and the headers of a page of ours. */
export type Person = { userId: string; client: Client };

type Session = { baseUrl: string; cookie: string; csrf: string };

/** Takes a one-time link, chooses a password and adds an authenticator app: signed in with both factors. */
export async function acceptLink(baseUrl: string, link: string, setup: { name?: string; email?: string } = {}): Promise<Person> {
  const session: Session = { baseUrl, cookie: "", csrf: "" };
  const client = createClient({ baseUrl, fetch: (url, init) => fetchIn(session, url, init) });
  const password = `uma frase de passagem ${crypto.randomUUID()}`;
  const taken = await client.call("POST /v1/sign-in/link", { body: { link: link.slice(link.indexOf("#") + 1), password, ...setup } });
  session.csrf = taken.csrf;
  const app = await client.call("POST /v1/factors/totp", { body: { name: "app" } });
  const totp = totpAt(app.secret, new Date());
  await client.call("POST /v1/factors/{factor_id}/confirm", { params: { factor_id: app.factor_id }, body: { totp } });
  const who: Reply<"GET /v1/session"> = await client.call("GET /v1/session");
  session.csrf = who.csrf;
  return { userId: who.user_id, client };
}

async function fetchIn(session: Session, url: string, init: RequestInit): Promise<Response> {
  const page = { ...(session.cookie === "" ? {} : { cookie: session.cookie }), origin: session.baseUrl, "aqueduto-csrf": session.csrf };
  const response = await fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), ...page } });
  const [set] = response.headers.getSetCookie();
  if (set !== undefined) session.cookie = set.split(";")[0] ?? "";
  return response;
}
