import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { processStamp } from "./process-stamp.ts";

test("a running process keeps its stamp and another has another", async () => {
  const child = spawn("sleep", ["30"], { stdio: "ignore" });
  await once(child, "spawn");
  const stamp = processStamp(child.pid ?? 0);
  expect(stamp).toBeDefined();
  expect(processStamp(child.pid ?? 0)).toBe(stamp);
  expect(processStamp(process.pid)).not.toBe(stamp);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(processStamp(child.pid ?? 0)).toBeUndefined();
});
