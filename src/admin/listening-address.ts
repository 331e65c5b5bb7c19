import type { FastifyInstance } from "fastify";

/** Address and port that a server listens on, or undefined before it does. */
export function listeningAddress(server: FastifyInstance): { address: string; port: number } | undefined {
  const bound = server.server.address();
  return bound === null || typeof bound === "string" ? undefined : { address: bound.address, port: bound.port };
}

const anyAddress: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** Origin to reach a listening server at from this machine, without trailing slash. */
export function localOrigin(listening: { address: string; port: number }): string {
  const address = anyAddress[listening.address] ?? listening.address;
  return `http://${address.includes(":") ? `[${address}]` : address}:${listening.port}`;
}
