import { expect, test } from "vitest";
import { RoleBoard } from "./role-board.ts";

const never = new AbortController().signal;

test("a process is ready when each of its roles is, and asks them anew", async () => {
  const board = new RoleBoard();
  let asked = 0;
  board.add("gateway", () => ({ ready: true }));
  board.add("capture", () => ({ ready: (asked += 1) > 1 }));
  await board.untilReady(never, 60_000);
  expect(asked).toBe(2);
  expect(board.list()).toEqual([
    { role: "gateway", ready: true },
    { role: "capture", ready: true },
  ]);
});

test("roles that do not get ready are named with their reason", async () => {
  const board = new RoleBoard();
  board.add("gateway", () => ({ ready: true }));
  board.add("capture", () => ({ ready: false, reason: "gsan-away" }));
  await expect(board.untilReady(never, -1)).rejects.toThrow(/: capture \(gsan-away\)$/);
});

test("a start that is told to stop waits no longer", async () => {
  const board = new RoleBoard();
  board.add("capture", () => ({ ready: false }));
  const stopping = AbortSignal.abort(new Error("told to stop"));
  await expect(board.untilReady(stopping, 60_000)).rejects.toThrow("told to stop");
});
