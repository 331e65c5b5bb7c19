import { expect, test } from "vitest";
import { PlatformProcess, until } from "../helpers/platform-process.ts";

/** Calls the gateway until told to stop; remembers the entry of every call whose status line arrived. */
function keepCalling(gateway: string, path: string, token: string): { entries: string[]; stop(): Promise<void> } {
  const entries: string[] = [];
  const stopped = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const answer = await fetch(gateway + path, { headers: { authorization: `Bearer ${token}` } }).catch(() => undefined);
      const entry = answer?.headers.get("audit-entry");
      if (entry) entries.push(entry);
      await answer?.arrayBuffer().catch(() => undefined);
      await new Promise(setImmediate);
    }
  };
  const loops = [loop(), loop()];
  return {
    entries,
    stop: async () => {
      stopped.abort();
      await Promise.all(loops);
    },
  };
}

test("kill -9 of the whole tree in the middle of a bank file loses no payment and no audit record of an answered call", async () => {
  await using platform = await PlatformProcess.start();
  const demo = await platform.demo();
  const answered: string[] = [];
  let paid = 0;
  for (const afterItems of [1, 300]) {
    const calls = keepCalling(demo.gateway, demo.call.path, demo.token);
    const before = (await platform.items("client-transaction")).length;
    const file = await platform.command("demo", "pay", "--count", "1000", "--as-file");
    paid += Number(file["payments"]);
    // somewhere between the first delivery and the last
    await until("some items", async () => (await platform.items("client-transaction")).length >= before + afterItems);
    await platform.killTree();
    await calls.stop();
    answered.push(...calls.entries);
    await platform.startAgain();
  }
  const ids = async () => new Set((await platform.items("client-transaction")).map((item) => item["idtransaction"]));
  await until("every payment", async () => (await ids()).size >= paid);
  expect((await ids()).size).toBe(paid);
  expect((await platform.received()).every((one) => one.verified)).toBe(true);

  expect(answered.length).toBeGreaterThan(10);
  const missing = async (): Promise<string[]> => {
    const absent: string[] = [];
    for (const id of answered) if ((await platform.admin("GET", `/v1/audit/entries/${id}`)).status !== 200) absent.push(id);
    return absent;
  };
  await until("the journal of the killed process is shipped", async () => (await missing()).length === 0);
  expect(await missing()).toEqual([]);
});
