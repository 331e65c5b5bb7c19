import { afterAll, beforeAll, expect, test } from "vitest";
import { PlatformProcess, until } from "../helpers/platform-process.ts";

let platform: PlatformProcess;

beforeAll(async () => {
  platform = await PlatformProcess.start();
});

afterAll(() => platform[Symbol.asyncDispose]());

const transactions = async () => (await platform.items("client-transaction")).map((item) => item["idtransaction"]);
const reversals = async () => (await platform.items("client-transaction-reversed")).map((item) => item["idtransaction"]);

/** Resolves when a payment made after everything else has arrived: what was before it in the base has been seen. */
async function settle(): Promise<void> {
  const before = (await transactions()).length;
  await platform.command("demo", "pay");
  await until("a later payment", async () => (await transactions()).length > before);
}

test("payments present when the base was registered are not sent", async () => {
  expect(await transactions()).toEqual([]);
});

test("a bank file of 1,000 payments arrives as exactly 1,000 verified items; the closing sends none; a reversal sends one", async () => {
  const paid = await platform.command("demo", "pay", "--count", "1000", "--as-file");
  expect(paid["payments"]).toBe(1000);
  await until("1,000 items", async () => (await transactions()).length >= 1000);
  expect(new Set(await transactions()).size).toBe(1000);
  expect((await platform.received()).every((one) => one.verified)).toBe(true);

  await platform.command("demo", "close-month");
  const reversed = await platform.command("demo", "reverse");
  expect(reversed["reversed"]).toBe(1);
  await until("the reversal", async () => (await reversals()).length > 0);
  // what the closing and the reversal would have sent before this payment has arrived with it
  await settle();
  expect(await reversals()).toEqual(reversed["ids"]);
  expect(await transactions()).toHaveLength(1001);
  expect(new Set(await transactions()).size).toBe(1001);
});

test("the body on the wire has the seed's shape, byte for byte", async () => {
  const bodies = (await platform.received()).map((one) => one.body);
  const item = String.raw`\{"idtransaction":\d+,"idcliente":"\d{5,}-\d","valorpago":\d+(\.\d{0,1}[1-9])?\}`;
  const shape = new RegExp(`^\\{"client-transaction":\\[${item}(,${item})*\\]\\}$`);
  const transactionBodies = bodies.filter((body) => body.startsWith('{"client-transaction":'));
  expect(transactionBodies.length).toBeGreaterThan(0);
  for (const body of transactionBodies) expect(body).toMatch(shape);
});
