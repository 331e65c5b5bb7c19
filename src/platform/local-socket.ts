import { chmod, rename, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { Log } from "./log.ts";
import type { Shutdown } from "./shutdown.ts";

/** Bytes of a path that every system takes for a socket. */
const longestPath = 100;
const longestLine = 4_096;
const patienceMs = 10_000;

/** Where the process that works in a data directory is asked by commands on the same machine. */
export function localSocketPath(dataDir: string): string {
  return join(dataDir, "node.sock");
}

export type LocalReply = { ok: unknown } | { error: string };

type House = { dataDir: string; log: Log; shutdown: Pick<Shutdown, "add"> };

/** `startLocalSocket` for as long as the process runs; one whose directory takes no socket goes on without, and says so. */
export async function openLocalSocket({ dataDir, log, shutdown }: House, answer: (asked: unknown) => Promise<unknown>): Promise<void> {
  try {
    const socket = await startLocalSocket(localSocketPath(dataDir), answer);
    shutdown.add({ name: "local socket", deadlineMs: 100, close: () => socket.close() });
  } catch (error) {
    log.warn({ err: error }, "there is no local socket: aqueduto node cannot be used here");
  }
}

/**
 * A Unix socket that this user alone may connect to (0600): one line of JSON in, one line of JSON out. What `answer` throws
 * reaches the caller as its message. Only one process may own the path; a socket that a killed one left is replaced.
 */
export async function startLocalSocket(path: string, answer: (asked: unknown) => Promise<unknown>): Promise<{ close(): Promise<void> }> {
  if (Buffer.byteLength(path) > longestPath) throw new Error(`the path of the socket is longer than ${longestPath} bytes: ${path}`);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).once("close", () => sockets.delete(socket));
    socket.setTimeout(patienceMs, () => socket.destroy());
    void readLine(socket).then(async (line) => socket.end(`${JSON.stringify(await replyTo(line, answer))}\n`));
  });
  // under a name that nobody asks at, until it is this user's alone
  const fresh = `${path}.new`;
  await rm(fresh, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(fresh, resolve);
  });
  await chmod(fresh, 0o600);
  await rename(fresh, path);
  return {
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
      await rm(path, { force: true });
    },
  };
}

async function replyTo(line: string, answer: (asked: unknown) => Promise<unknown>): Promise<LocalReply> {
  try {
    return { ok: await answer(JSON.parse(line)) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : "it failed" };
  }
}

/** Asks the process that owns the socket. Rejects when none answers (its `code`: ENOENT, ECONNREFUSED, EACCES) or with what it said. */
export async function askLocalSocket(path: string, asked: unknown): Promise<unknown> {
  const socket = connect(path);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject).once("connect", resolve);
    });
    socket.setTimeout(patienceMs, () => socket.destroy(new Error(`no answer within ${patienceMs / 1000} s`)));
    socket.write(`${JSON.stringify(asked)}\n`);
    const reply = JSON.parse(await readLine(socket)) as LocalReply;
    if ("error" in reply) throw new Error(reply.error);
    return reply.ok;
  } finally {
    socket.destroy();
  }
}

/** The first line; empty text when the other side ends before, or says too much. */
function readLine(socket: Socket): Promise<string> {
  let text = "";
  return new Promise((resolve) => {
    const settle = (line: string): void => {
      socket.removeAllListeners("data");
      resolve(line);
    };
    socket.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      const end = text.indexOf("\n");
      if (end >= 0) settle(text.slice(0, end));
      else if (text.length > longestLine) settle("");
    });
    socket.once("close", () => settle(""));
  });
}
