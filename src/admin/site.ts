import type { FastifyRequest } from "fastify";
import { isLoopback } from "../platform/listen.ts";
import type { AdminOptions } from "./options.ts";

/** How this request's browser reaches us. `secure` = over TLS, which a proxy in front ends. */
export type Site = { origin: string; secure: boolean };

/**
 * The site of a request, whose Host was checked. A listener on a loopback address that is called by a loopback name is
 * plain HTTP on this machine; every other name is reached through the TLS proxy that the configuration demands.
 */
export function siteOf(options: Pick<AdminOptions, "listen">, request: Pick<FastifyRequest, "headers">): Site {
  const host = (request.headers.host ?? "").toLowerCase();
  const name = host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  const plain = isLoopback(options.listen.host) && (name === "localhost" || isLoopback(name));
  return { origin: `${plain ? "http" : "https"}://${host}`, secure: !plain };
}
