import { type Bed, cpus } from "./bed.ts";
import { large, small } from "./documents.ts";
import { type Server, startApache, startCaddy, startNginxGateway, startPeer } from "./servers.ts";
import { findTool, type Tool } from "./tools.ts";

export type Candidate = {
  name: string;
  /** What it does of the gateway's job. */
  does: string;
  needs?: Tool;
  path: string;
  start(bed: Bed): Promise<Server>;
};

const smallPath = `/v1/properties/${small}`;
const largePath = `/v1/properties/${large}`;

const peer = (name: string, does: string): Candidate => ({
  name,
  does,
  path: smallPath,
  start: (bed) => startPeer(name, bed.job, cpus.measured),
});

/** In the order of the table. The same job is: know the key, limit, allow-list, strip headers, log. */
export const candidates: Candidate[] = [
  { name: "nginx", does: "the same job", needs: "nginx", path: smallPath, start: (bed) => startNginxGateway(bed.job, cpus.measured) },
  { name: "aqueduto", does: "the same job, projection, journal, shipped", path: smallPath, start: (bed) => bed.startProduct(true) },
  { name: "aqueduto-unshipped", does: "the journal stays on the node", path: smallPath, start: (bed) => bed.startProduct(false) },
  { name: "plain-node", does: "forwards (node:http and undici)", path: smallPath, start: peer("plain-node", "").start },
  {
    name: "caddy",
    does: "one key, strips, forwards; no limit, no log",
    needs: "caddy",
    path: smallPath,
    start: (bed) => startCaddy(bed.job, cpus.measured),
  },
  {
    name: "apache",
    does: "one key, strips, forwards, log; no limit",
    needs: "apache2",
    path: smallPath,
    start: (bed) => startApache(bed.job, cpus.measured),
  },
  peer("fast-gateway", "forwards"),
  peer("fastify-http-proxy", "forwards"),
  peer("httpxy", "forwards"),
  {
    name: "nginx-64k",
    does: "the same job, 64 KiB",
    needs: "nginx",
    path: largePath,
    start: (bed) => startNginxGateway(bed.job, cpus.measured),
  },
  { name: "aqueduto-64k", does: "the same job, projection of 64 KiB", path: largePath, start: (bed) => bed.startProduct(true) },
];

export function isMissing(candidate: Candidate): boolean {
  return candidate.needs !== undefined && findTool(candidate.needs) === undefined;
}
