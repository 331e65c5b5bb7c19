import { readFileSync, readdirSync } from "node:fs";

/** Processor time in microseconds since its start, and memory held now, of a process and its children. */
export type Cost = { userUs: number; systemUs: number; rssBytes: number };

// USER_HZ of Linux on every platform that Node runs on
const tickUs = 10_000;
const pageBytes = 4096;

/** Reads /proc (proc(5)). Processor time has a grain of 10 ms, so measure over seconds. */
export function costOf(pid: number): Cost {
  const sum: Cost = { userUs: 0, systemUs: 0, rssBytes: 0 };
  for (const one of familyOf(pid)) {
    const fields = statOf(one);
    sum.userUs += Number(fields[11]) * tickUs;
    sum.systemUs += Number(fields[12]) * tickUs;
    sum.rssBytes += Number(fields[21]) * pageBytes;
  }
  return sum;
}

/** The process and all that descend from it. */
function familyOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    const parent = parentOf(Number(name));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const family = [root];
  for (let i = 0; i < family.length; i += 1) family.push(...(children.get(family[i] ?? 0) ?? []));
  return family;
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(statOf(pid)[1]);
  } catch {
    // ended since the folder was listed
    return undefined;
  }
}

/** The fields from the third on: the second, the name, may hold anything. */
function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}
