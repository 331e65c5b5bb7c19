import type { FastifyInstance } from "fastify";
import { createAdminServer } from "./create-server.ts";
import { listeningAddress, localOrigin } from "./listening-address.ts";
import type { AdminOptions } from "./options.ts";

const drainMs = 5_000;

export type Admin = {
  /** Origin it listens on, without trailing slash. */
  url: string;
  /** Stops accepting, lets running calls end for at most `deadlineMs`, then closes what is left. */
  drain(deadlineMs?: number): Promise<void>;
};

/** Starts the admin API. Rejects when the address is taken. */
export async function startAdmin(options: AdminOptions): Promise<Admin> {
  const server = createAdminServer(options);
  await server.listen({ host: options.listen.host, port: options.listen.port });
  const address = listeningAddress(server);
  if (address === undefined) throw new Error("the admin server has no address");
  return { url: localOrigin(address), drain: (deadlineMs = drainMs) => drain(server, deadlineMs) };
}

async function drain(server: FastifyInstance, deadlineMs: number): Promise<void> {
  const timer = setTimeout(() => server.server.closeAllConnections(), deadlineMs);
  await server.close();
  clearTimeout(timer);
}
