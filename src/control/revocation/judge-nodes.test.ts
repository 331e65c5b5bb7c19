import { expect, test } from "vitest";
import { judgeNodes, latestAccept } from "./judge-nodes.ts";

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
const row = (node_id: string, epoch: bigint, until = 10) => ({ node_id, epoch, serves_until: at(until) });

test("a node that has confirmed the epoch is in force, one that has not may accept until its bound", () => {
  const nodes = judgeNodes([], [row("a", 7n), row("b", 6n, 20), row("c", 8n)], { epoch: 7n, elapsedMs: 4.6 });
  expect(nodes).toEqual([
    { node_id: "a", epoch: "7", milliseconds: 5, in_force: true },
    { node_id: "b", epoch: "6", milliseconds: 5, in_force: false, latest: at(20).toISOString() },
    { node_id: "c", epoch: "8", milliseconds: 5, in_force: true },
  ]);
  expect(latestAccept(nodes)).toBe(at(20).toISOString());
});

test("a node that is gone before it confirmed is in force, with the bound that has passed", () => {
  const before = judgeNodes([], [row("a", 7n), row("b", 6n, 20)], { epoch: 7n, elapsedMs: 1 });
  const after = judgeNodes(before, [row("a", 7n)], { epoch: 7n, elapsedMs: 30_000 });
  expect(after.map((node) => [node.node_id, node.in_force, node.latest])).toEqual([
    ["a", true, undefined],
    ["b", true, at(20).toISOString()],
  ]);
  expect(latestAccept(after)).toBeUndefined();
});

test("what is in force stays so, with the time it took, and a node that moved its bound is told anew", () => {
  const before = judgeNodes([], [row("a", 7n), row("b", 6n, 20), row("c", 6n, 21)], { epoch: 7n, elapsedMs: 3 });
  const after = judgeNodes(before, [row("a", 5n), row("b", 7n), row("c", 6n, 30)], { epoch: 7n, elapsedMs: 900 });
  expect(after).toMatchObject([
    { node_id: "a", in_force: true, milliseconds: 3 },
    { node_id: "b", in_force: true, milliseconds: 900 },
    { node_id: "c", in_force: false, latest: at(30).toISOString() },
  ]);
});

test("no node at all is in force: nobody can accept", () => {
  expect(latestAccept(judgeNodes([], [], { epoch: 1n, elapsedMs: 0 }))).toBeUndefined();
});
