import { startTransport } from "./http/transport.ts";
import { createUpstreamClient } from "./upstream/upstream-client.ts";
import { createWireClient } from "./wire/upstream-client.ts";
import { startWireTransport } from "./wire/wire-transport.ts";

/**
 * What moves the bytes on both sides. `wire`: our own over sockets and llhttp; `node`: node:http and undici. Both pass
 * the same tests of strictness; `AQUEDUTO_HTTP_ENGINE` switches back.
 */
export const engines = {
  wire: { startTransport: startWireTransport, createUpstreamClient: createWireClient },
  node: { startTransport, createUpstreamClient },
} as const;

export type EngineName = keyof typeof engines;

export type Engine = (typeof engines)[EngineName];
