import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { errorCode } from "./error-code.ts";
import { formatListen, type Listen } from "./listen.ts";

/** An address that the configuration names cannot be bound; the message names its key and what to do. */
export class ListenerError extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = "ListenerError";
  }
}

const reasons: Record<string, string> = {
  EADDRINUSE: "is in use, by another program or by another key here",
  EACCES: "may not be bound by this user",
  EADDRNOTAVAIL: "is not an address of this machine",
  ENOTFOUND: "is not a host name that can be resolved",
};

/** Binds all addresses (configuration key → address) at once and lets them go; throws ListenerError for the first that cannot be. */
export async function checkListeners(listeners: Record<string, Listen>): Promise<void> {
  const bound: Server[] = [];
  try {
    for (const [key, listen] of Object.entries(listeners)) bound.push(await bind(key, listen));
  } finally {
    await Promise.all(bound.map((server) => new Promise((closed) => server.close(closed))));
  }
}

async function bind(key: string, listen: Listen): Promise<Server> {
  const server = createServer();
  try {
    server.listen({ ...listen, exclusive: true });
    await once(server, "listening");
    return server;
  } catch (error) {
    const code = errorCode(error) ?? "";
    const reason = reasons[code] ?? `cannot be bound (${code})`;
    throw new ListenerError(
      `${key}: ${formatListen(listen)} ${reason}. Free it, or name another host:port (port 0 = any free one).`,
      error,
    );
  }
}
