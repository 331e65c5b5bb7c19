import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * What tells a running process from another that got the same pid later: boot and start time.
 * Undefined when no such process runs (a zombie does not run).
 */
export function processStamp(pid: number): string | undefined {
  return process.platform === "linux" ? linuxStamp(pid) : psStamp(pid);
}

function linuxStamp(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // the name in parentheses may hold anything, so fields are counted from its end: state is the first, start time the 20th
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const started = fields[19];
    if (started === undefined || fields[0] === "Z" || fields[0] === "X") return undefined;
    return `${bootId()}:${started}`;
  } catch {
    return undefined;
  }
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  } catch {
    return "boot";
  }
}

function psStamp(pid: number): string | undefined {
  try {
    return (
      execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim() ||
      undefined
    );
  } catch {
    return undefined;
  }
}
