import { expect, test } from "vitest";
import { defaultSettings, upstreamSettings } from "./upstream-settings.ts";

test("what a service does not say keeps its default, and what it says is held within bounds", () => {
  for (const given of [undefined, null, [], "x", {}, { max_pending: "9", failure_ratio: null, unknown: 1 }])
    expect(upstreamSettings(given)).toEqual(defaultSettings);
  expect(upstreamSettings({ max_pending: 0, failure_ratio: 0.25, open_ms: 60_000, retry_ratio: 7 })).toEqual({
    ...defaultSettings,
    maxPending: 1,
    failureRatio: 0.25,
    openMs: 60_000,
    maxOpenMs: 60_000,
    retryRatio: 1,
  });
});
