import type { Listener } from "./address-guard.ts";

/** The listeners behind these URLs, for what no webhook may reach. `defaultPort`: of a URL that names none. */
export function listenersOf(urls: readonly string[], defaultPort: number): Listener[] {
  return urls
    .map((url) => new URL(url))
    .map(({ hostname, port }) => ({ host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? defaultPort : Number(port) }));
}
