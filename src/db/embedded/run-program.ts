import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { join } from "node:path";
import type { Place } from "./place.ts";

/**
 * Starts one of the installation's programs as the server's user, in a session of its own (a Ctrl-C in the terminal
 * must not stop the database before the platform has drained), with nothing of our environment.
 */
export function runProgram(place: Place, name: "initdb" | "postgres", args: string[], output: number | "pipe"): ChildProcess {
  const stdio: StdioOptions = ["ignore", output, output];
  if (place.seen.descriptor !== undefined) stdio.push(place.seen.descriptor);
  const child = spawn(join(place.binaries.directory, "bin", name), args, {
    cwd: "/",
    detached: true,
    env: { LC_ALL: "C", TZ: "UTC", PATH: "/usr/local/bin:/usr/bin:/bin" },
    stdio,
    ...place.owner,
  });
  // a process that ends without stopping its server takes it along; the server finishes alone
  const end = () => void child.kill("SIGINT");
  process.once("exit", end);
  child.once("exit", () => process.removeListener("exit", end));
  return child;
}
