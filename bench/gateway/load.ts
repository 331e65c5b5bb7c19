import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findTool } from "./tools.ts";

export type Load = { requests: number; seconds: number; bad: number; p50Us: number; p99Us: number };

const run = promisify(execFile);

/** wrk on one processor: `connections` callers, each with one request under way. Rejects when wrk is missing or nothing answers. */
export async function saturate(on: {
  port: number;
  path: string;
  authorization: string;
  seconds: number;
  connections: number;
  cpu: number;
}): Promise<Load> {
  const wrk = findTool("wrk") ?? "wrk";
  const args = ["-t1", `-c${on.connections}`, `-d${on.seconds}s`, "--latency", "-H", `Authorization: ${on.authorization}`];
  const { stdout } = await run(findTool("taskset") ?? "taskset", [
    "-c",
    String(on.cpu),
    wrk,
    ...args,
    `http://127.0.0.1:${on.port}${on.path}`,
  ]);
  return readWrk(stdout);
}

/** The figures in what wrk prints. */
export function readWrk(text: string): Load {
  const total = /([0-9]+) requests in ([0-9.]+)(ms|s|m),/.exec(text);
  if (total === null) throw new Error(`wrk said: ${text}`);
  const refused = Number(/Non-2xx or 3xx responses: ([0-9]+)/.exec(text)?.[1] ?? 0);
  const broken = [...(/Socket errors: connect ([0-9]+), read ([0-9]+), write ([0-9]+), timeout ([0-9]+)/.exec(text) ?? [])].slice(1);
  return {
    requests: Number(total[1]),
    seconds: Number(total[2]) * ({ ms: 0.001, s: 1, m: 60 }[total[3] ?? "s"] ?? 1),
    bad: refused + broken.reduce((sum, one) => sum + Number(one), 0),
    p50Us: microseconds(/50%\s+([0-9.]+)(us|ms|s)/.exec(text)),
    p99Us: microseconds(/99%\s+([0-9.]+)(us|ms|s)/.exec(text)),
  };
}

function microseconds(found: RegExpExecArray | null): number {
  return found === null ? Number.NaN : Number(found[1]) * ({ us: 1, ms: 1_000, s: 1_000_000 }[found[2] ?? "us"] ?? 1);
}
