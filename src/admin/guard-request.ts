import type { FastifyRequest } from "fastify";
import { AppError } from "../contract/errors.ts";

const ownNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Decides which Host headers are served: the own names with the listener's port, and the configured ones. */
export function createHostCheck(hosts: readonly string[], portOf: () => number): (host: string) => boolean {
  const configured = new Set(hosts.map((host) => host.toLowerCase()));
  return (host) => {
    const name = host.toLowerCase();
    const suffix = `:${portOf()}`;
    const withoutPort = name.endsWith(suffix) ? name.slice(0, -suffix.length) : undefined;
    return configured.has(name) || (withoutPort !== undefined && (ownNames.has(withoutPort) || configured.has(withoutPort)));
  };
}

/**
 * Refuses (`bad-request`) what two programs on the way could read as two requests: more or less than one Host, more than
 * one Authorization, a target that is no path. Then a request by another host name (`wrong-host`: a name that was made to point here, DNS rebinding) and a
 * state-changing one that a browser sends for another site's page (`forbidden`).
 */
export function guardRequest(request: FastifyRequest, isHost: (host: string) => boolean): void {
  requireOneReading(request);
  if (!isHost(request.headers.host ?? "")) throw new AppError("wrong-host");
  if (request.method === "GET" || request.method === "HEAD") return;
  const { origin } = request.headers;
  const site = request.headers["sec-fetch-site"];
  if (origin !== undefined && !isOwnOrigin(origin, isHost)) throw new AppError("forbidden", "this origin may not change anything here");
  if (site !== undefined && site !== "same-origin" && site !== "none")
    throw new AppError("forbidden", "another site may not change anything here");
}

function requireOneReading({ raw }: FastifyRequest): void {
  const names = raw.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  const count = (wanted: string) => names.filter((name) => name === wanted).length;
  if (count("host") !== 1) throw new AppError("bad-request", "a request has one Host header");
  if (count("authorization") > 1) throw new AppError("bad-request", "a request has one Authorization header");
  if (raw.url?.startsWith("/") !== true) throw new AppError("bad-request", "the target of a request is a path");
}

function isOwnOrigin(origin: string, isHost: (host: string) => boolean): boolean {
  const [scheme, host] = origin.split("://");
  return (scheme === "http" || scheme === "https") && host !== undefined && isHost(host);
}
