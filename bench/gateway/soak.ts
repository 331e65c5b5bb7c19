import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { atMost, type Verdict } from "../verdict.ts";
import { type Bed, cpus } from "./bed.ts";
import { small } from "./documents.ts";
import { paced } from "./paced.ts";
import { plotSvg, type Point } from "./plot-svg.ts";
import { costOf } from "./process-cost.ts";

const minutes = 10;
const warmMinutes = 2;

/**
 * Ten minutes at half of the load that one processor bears; memory each second. Flat: the median of the last two minutes
 * is at most a tenth over that of the two after the warm-up.
 */
export async function soak(bed: Bed, mostPerSecond: number): Promise<Verdict[]> {
  await using server = await bed.startProduct(true);
  const points: Point[] = [];
  const begun = performance.now();
  const sampling = setInterval(() => {
    points.push({ x: (performance.now() - begun) / 1000, y: costOf(server.pid).rssBytes / 2 ** 20 });
  }, 1_000);
  const order = { port: server.port, path: `/v1/properties/${small}`, authorization: bed.job.authorization };
  const load = await paced({ ...order, perSecond: Math.floor(mostPerSecond / 2), seconds: minutes * 60, connections: 64 }, cpus.load);
  clearInterval(sampling);
  await keep(points);
  console.log(
    `soak: ${load.answered} answers in ${minutes} minutes, ${load.bad} bad, ${load.skipped} not sent; p99 ${load.p99Us.toFixed(0)} µs`,
  );
  const early = between(points, warmMinutes, warmMinutes + 2);
  const late = between(points, minutes - 2, minutes);
  return [
    atMost("MUST", "soak-memory-growth", { value: late / early, limit: 1.1, unit: "x" }),
    atMost("MUST", "soak-answers-that-were-no-200", { value: load.bad, limit: 0, unit: "" }),
  ];
}

function between(points: Point[], from: number, to: number): number {
  const inside = points.filter(({ x }) => x >= from * 60 && x < to * 60).map(({ y }) => y);
  return inside.toSorted((a, b) => a - b)[Math.floor(inside.length / 2)] ?? Number.NaN;
}

async function keep(points: Point[]): Promise<void> {
  const directory = join(import.meta.dirname, "..", "out");
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "soak.svg"), plotSvg(points, { x: "seconds", y: "RSS in MB" }));
}
