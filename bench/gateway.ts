import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Bed, cpus, openBed } from "./gateway/bed.ts";
import { type Candidate, candidates, isMissing } from "./gateway/candidates.ts";
import { saturate } from "./gateway/load.ts";
import { type Latency, paced } from "./gateway/paced.ts";
import { costOf } from "./gateway/process-cost.ts";
import { findTool, packageOf } from "./gateway/tools.ts";
import { soak } from "./gateway/soak.ts";
import { atMost, type Verdict } from "./verdict.ts";

/** `--rounds=N`; fewer are for a look. */
const rounds = Number(process.argv.find((one) => one.startsWith("--rounds="))?.slice(9) ?? 5);
const secondsARound = 4;
const connections = 64;

type Round = { userUs: number; systemUs: number; perSecond: number; p50Us: number; p99Us: number; rssMb: number; bad: number };
type Figures = Round & { cpuUs: number; rounds: number };

/**
 * The gateway beside nginx doing the same job, and beside others that do less: processor time a request, in one run,
 * rounds interleaved, each candidate alone on the second processor. `--full` adds the ten-minute soak.
 */
export async function benchGateway(): Promise<Verdict[]> {
  for (const tool of ["wrk", "taskset"] as const)
    if (findTool(tool) === undefined) return [notMeasured(`${tool} is missing: install the package ${packageOf(tool)}`)];
  // the store and all that is not measured stay off the measured processor
  execFileSync(findTool("taskset") ?? "taskset", ["-pc", String(cpus.load), String(process.pid)]);
  await using bed = await openBed();
  const there = candidates.filter((candidate) => !isMissing(candidate));
  for (const { name, needs } of candidates.filter(isMissing))
    console.log(`${name} is not measured: install the package ${needs === undefined ? "" : packageOf(needs)}`);
  const figures = await measureAll(there, bed);
  const latency = await measureLatency(bed);
  printTable(there, figures, latency);
  await writeReport({ node: process.version, figures: Object.fromEntries(figures), latency });
  const soaked = process.argv.includes("--full") ? await soak(bed, figures.get("aqueduto")?.perSecond ?? 0) : [];
  return [...ratios(figures), ...latencyVerdicts(latency), ...soaked];
}

function notMeasured(name: string): Verdict {
  return { kind: "MUST", name, figure: "-", limit: "-", outcome: "not measured" };
}

async function measureAll(there: Candidate[], bed: Bed): Promise<Map<string, Figures>> {
  const all = new Map<string, Round[]>(there.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const candidate of there) all.get(candidate.name)?.push(await measure(candidate, bed));
  return new Map([...all].map(([name, taken]) => [name, median(taken)]));
}

/** One round: start, warm up, then what a load costs the process. */
async function measure(candidate: Candidate, bed: Bed): Promise<Round> {
  await using server = await candidate.start(bed);
  const load = { port: server.port, path: candidate.path, authorization: bed.job.authorization, connections, cpu: cpus.load };
  // long enough for the compiler of a JavaScript candidate
  await saturate({ ...load, seconds: 6 });
  const before = costOf(server.pid);
  const { requests, seconds, bad, p50Us, p99Us } = await saturate({ ...load, seconds: secondsARound });
  const after = costOf(server.pid);
  return {
    userUs: (after.userUs - before.userUs) / requests,
    systemUs: (after.systemUs - before.systemUs) / requests,
    perSecond: requests / seconds,
    p50Us,
    p99Us,
    rssMb: after.rssBytes / 2 ** 20,
    bad,
  };
}

function median(taken: Round[]): Figures {
  const middle = (of: (round: Round) => number): number =>
    taken.map(of).toSorted((a, b) => a - b)[Math.floor(taken.length / 2)] ?? Number.NaN;
  return {
    userUs: middle((one) => one.userUs),
    systemUs: middle((one) => one.systemUs),
    cpuUs: middle((one) => one.userUs + one.systemUs),
    perSecond: middle((one) => one.perSecond),
    p50Us: middle((one) => one.p50Us),
    p99Us: middle((one) => one.p99Us),
    rssMb: middle((one) => one.rssMb),
    bad: taken.reduce((sum, one) => sum + one.bad, 0),
    rounds: taken.length,
  };
}

type Latencies = { direct: Latency; nginx: Latency | undefined; aqueduto: Latency };

const paceRounds = 3;

async function measureLatency(bed: Bed): Promise<Latencies> {
  const named = (name: string): Candidate | undefined => candidates.find((one) => one.name === name && !isMissing(one));
  const direct: Latency[] = [];
  const nginx: Latency[] = [];
  const aqueduto: Latency[] = [];
  for (let round = 0; round < paceRounds; round += 1) {
    direct.push(await pace(bed, bed.job.upstreamPort));
    for (const [name, taken] of [
      ["nginx", nginx],
      ["aqueduto", aqueduto],
    ] as const) {
      const candidate = named(name);
      if (candidate === undefined) continue;
      await using server = await candidate.start(bed);
      await pace(bed, server.port);
      taken.push(await pace(bed, server.port));
    }
  }
  const middle = (taken: Latency[]): Latency | undefined => taken.toSorted((a, b) => a.p50Us - b.p50Us)[Math.floor(taken.length / 2)];
  const nothing = { p50Us: Number.NaN, p99Us: Number.NaN, answered: 0, bad: 0, skipped: 0 };
  return { direct: middle(direct) ?? nothing, nginx: middle(nginx), aqueduto: middle(aqueduto) ?? nothing };
}

function pace(bed: Bed, port: number): Promise<Latency> {
  const path = candidates[0]?.path ?? "/";
  return paced({ port, path, authorization: bed.job.authorization, perSecond: 1_000, seconds: 5, connections: 16 }, cpus.load);
}

function ratios(figures: Map<string, Figures>): Verdict[] {
  const cost = (name: string): number => figures.get(name)?.cpuUs ?? Number.NaN;
  const ours = cost("aqueduto");
  const bad = [...figures.values()].reduce((sum, one) => sum + one.bad, 0);
  return [
    atMost("MUST", "gateway-cpu-over-nginx", { value: ours / cost("nginx"), limit: 2.4, unit: "x" }),
    atMost("GOAL", "gateway-cpu-over-nginx", { value: ours / cost("nginx"), limit: 1.8, unit: "x" }),
    ...["caddy", "fastify-http-proxy", "httpxy", "fast-gateway"].map((name) =>
      atMost("MUST", `gateway-cpu-over-${name}`, { value: ours / cost(name), limit: 1, unit: "x" }),
    ),
    atMost("GOAL", "gateway-64k-cpu-over-nginx", { value: cost("aqueduto-64k") / cost("nginx-64k"), limit: 4.8, unit: "x" }),
    atMost("MUST", "answers-that-were-no-200", { value: bad, limit: 0, unit: "" }),
  ];
}

function latencyVerdicts({ direct, nginx, aqueduto }: Latencies): Verdict[] {
  const added = (aqueduto.p50Us - direct.p50Us) / 1000;
  const tail = (aqueduto.p99Us - (nginx?.p99Us ?? Number.NaN)) / 1000;
  return [
    atMost("MUST", "added-latency-p50-at-1000/s", { value: added, limit: 0.4, unit: "ms" }),
    atMost("MUST", "p99-over-nginx-at-1000/s", { value: tail, limit: 0.5, unit: "ms" }),
  ];
}

function printTable(there: Candidate[], figures: Map<string, Figures>, latency: Latencies): void {
  const base = figures.get("nginx")?.cpuUs ?? Number.NaN;
  console.log(
    "| candidate | does | CPU µs/request (user + system) | × nginx | requests/s | p50 / p99 µs | RSS MB |\n|---|---|---|---|---|---|---|",
  );
  for (const { name, does } of there) {
    const one = figures.get(name);
    if (one === undefined) continue;
    const cpu = `${one.cpuUs.toFixed(1)} (${one.userUs.toFixed(1)} + ${one.systemUs.toFixed(1)})`;
    const times = `${one.p50Us.toFixed(0)} / ${one.p99Us.toFixed(0)}`;
    console.log(
      `| ${name} | ${does} | ${cpu} | ${(one.cpuUs / base).toFixed(2)} | ${one.perSecond.toFixed(0)} | ${times} | ${one.rssMb.toFixed(0)} |`,
    );
  }
  for (const [name, one] of Object.entries(latency))
    if (one !== undefined)
      console.log(
        `at 1,000/s ${name}: p50 ${one.p50Us.toFixed(0)} µs, p99 ${one.p99Us.toFixed(0)} µs (n=${one.answered}, bad ${one.bad}, not sent ${one.skipped})`,
      );
}

async function writeReport(report: object): Promise<void> {
  const directory = join(import.meta.dirname, "out");
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "gateway.json"), `${JSON.stringify(report, undefined, 2)}\n`);
}
