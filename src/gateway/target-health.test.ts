import { expect, test } from "vitest";
import { until } from "../../test/helpers/until.ts";
import { startTargetHealth } from "./target-health.ts";

test("what is down is told, and nothing counts as down when it cannot be read", async () => {
  for (const [read, told] of [
    [() => Promise.resolve(new Set(["svc_a http://a:1"])), ["svc_a http://a:1"]],
    [() => Promise.reject(new Error("away")), []],
  ] as const) {
    const used: string[][] = [];
    const health = startTargetHealth({ read, use: (down) => used.push([...down]) });
    await until("it is told", () => used.length > 0);
    await health.stop();
    expect(used[0]).toEqual(told);
  }
});
