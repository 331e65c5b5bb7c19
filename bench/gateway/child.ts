import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { findTool } from "./tools.ts";

/** A process under measurement or one that serves a measurement, on a processor of its own. */
export type Child = { pid: number; process: ChildProcess } & AsyncDisposable;

/** Starts a command on one processor; ended with SIGTERM, after 5 s with SIGKILL. Its errors are shown. */
export function startChild(command: string[], on: { cpu: number; ipc?: boolean; env?: Record<string, string> }): Child {
  const taskset = findTool("taskset");
  const [file = "", ...args] = taskset === undefined ? command : [taskset, "-c", String(on.cpu), ...command];
  const child = spawn(file, args, {
    stdio: on.ipc === true ? ["ignore", "ignore", "inherit", "ipc"] : ["ignore", "ignore", "inherit"],
    env: { ...process.env, ...on.env },
  });
  if (child.pid === undefined) throw new Error(`${file} did not start`);
  return { pid: child.pid, process: child, [Symbol.asyncDispose]: () => endChild(child) };
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await ended;
  clearTimeout(timer);
}

/** Resolves when something listens on the port; rejects after 10 s. */
export async function untilListening(port: number): Promise<void> {
  for (const deadline = performance.now() + 10_000; performance.now() < deadline; await wait(50)) {
    if (await answers(port)) return;
  }
  throw new Error(`nothing listens on port ${port}`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
