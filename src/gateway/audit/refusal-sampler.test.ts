import { expect, test } from "vitest";
import { createRefusalSampler, type Refused } from "./refusal-sampler.ts";

const refused: Refused = { network: "203.0.113.0/24", method: "GET", status: 401, code: "unauthorized", clause: "token-unknown" };
const at = (ms: number) => new Date(Date.parse("2026-11-24T12:00:00Z") + ms);

test("ten a second of one network are recorded alone, the rest is counted by minute, reason and network", () => {
  const sampler = createRefusalSampler();
  const own = (network: string, count: number) =>
    Array.from({ length: count }, () => sampler.admit({ ...refused, network }, at(0))).filter((result) => result.own).length;
  expect([own("203.0.113.0/24", 15), own("198.51.100.0/24", 12)]).toEqual([10, 10]);
  sampler.admit({ ...refused, clause: "token-ended" }, at(1));
  expect(sampler.due(at(59_999))).toEqual([]);
  const due = sampler.due(at(60_000));
  expect(due.map(({ count, network, clause }) => [count, network, clause])).toEqual([
    [5, "203.0.113.0/24", "token-unknown"],
    [2, "198.51.100.0/24", "token-unknown"],
    [1, "203.0.113.0/24", "token-ended"],
  ]);
  expect(sampler.due(at(120_000))).toEqual([]);
});

test("a second later the network has its ten again", () => {
  const sampler = createRefusalSampler();
  for (let i = 0; i < 20; i += 1) sampler.admit(refused, at(0));
  expect(sampler.admit(refused, at(1_000)).own).toBe(true);
});

test("no count is lost, whatever the networks, and memory is bounded", () => {
  const sampler = createRefusalSampler();
  let counted = 0;
  for (let i = 0; i < 12_000; i += 1) {
    for (let n = 0; n < 11; n += 1) if (!sampler.admit({ ...refused, network: `net-${i}` }, at(0)).own) counted += 1;
  }
  const due = sampler.due(at(0), true);
  expect(counted).toBeGreaterThan(12_000);
  expect(due.reduce((sum, record) => sum + (record.count ?? 0), 0)).toBe(counted);
  expect(due.length).toBeLessThanOrEqual(10_001);
});

test("many networks together get no more records of their own than the journal can bear, and every other is counted", () => {
  const sampler = createRefusalSampler();
  const results = Array.from({ length: 3_000 }, (_, i) => sampler.admit({ ...refused, network: `net-${i}` }, at(0)));
  expect(results.filter((result) => result.own)).toHaveLength(1_000);
  expect(sampler.due(at(0), true)).toHaveLength(2_000);
});
