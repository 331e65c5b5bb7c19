import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Received } from "./received-store.ts";
import { startReceiver } from "./receiver.ts";

const SECRET = `whsec_${Buffer.from("a secret of twenty-four bytes!!!").toString("base64")}`;
const BODY = '{"client-transaction":[{"idtransaction":1,"idcliente":"01400-2","valorpago":10}]}';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "receiver-"));
});
afterEach(() => rm(directory, { recursive: true }));

function deliver(url: string, body: string, id: string, secret = SECRET): Promise<Response> {
  const at = new Date();
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, at, body),
  };
  return fetch(url, { method: "POST", body, headers });
}

async function received(url: string): Promise<Received[]> {
  return (await (await fetch(`${url}/received`)).json()) as Received[];
}

test("a signed delivery is verified, answered 2xx and listed as received", async () => {
  await using receiver = await startReceiver({ directory });
  receiver.setSecrets([SECRET]);
  const response = await deliver(receiver.webhookUrl, BODY, "dlv_1");
  expect(response.status).toBe(204);
  const list = await fetch(`${receiver.url}/received`);
  expect(await list.json()).toEqual([{ "webhook-id": "dlv_1", verified: true, body: BODY }]);
  expect(list.headers.get("aqueduto-dropped")).toBe("0");
});

test("a delivery signed with another secret is refused and listed as not verified", async () => {
  await using receiver = await startReceiver({ directory });
  receiver.setSecrets([SECRET]);
  const other = `whsec_${Buffer.from("another secret, also 24+ bytes").toString("base64")}`;
  expect((await deliver(receiver.webhookUrl, BODY, "dlv_2", other)).status).toBe(401);
  expect((await fetch(receiver.webhookUrl, { method: "POST", body: BODY })).status).toBe(401);
  const list = await received(receiver.url);
  expect(list.map(({ verified }) => verified)).toEqual([false, false]);
});

test("the verification challenge comes back as JSON", async () => {
  await using receiver = await startReceiver({ directory });
  receiver.setSecrets([SECRET]);
  const response = await deliver(receiver.webhookUrl, '{"webhook-verification":[{"challenge":"abc_DEF-123"}]}', "chk_1");
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ challenge: "abc_DEF-123" });
});

test("what arrived is still listed after a restart, but for a line that a kill cut off", async () => {
  {
    await using receiver = await startReceiver({ directory });
    receiver.setSecrets([SECRET]);
    await Promise.all(Array.from({ length: 50 }, (_, i) => deliver(receiver.webhookUrl, BODY, `dlv_${i}`)));
  }
  const path = join(directory, "received.jsonl");
  await writeFile(path, `${await readFile(path, "utf8")}{"webhook-id":"dlv_torn","verif`);
  await using receiver = await startReceiver({ directory });
  receiver.setSecrets([SECRET]);
  await deliver(receiver.webhookUrl, BODY, "dlv_after");
  const list = await received(receiver.url);
  expect(list).toHaveLength(51);
  expect(list.at(-1)?.["webhook-id"]).toBe("dlv_after");
  expect(new Set(list.map((each) => each["webhook-id"])).size).toBe(51);
});

test("DELETE empties the list, also for the next start", async () => {
  {
    await using receiver = await startReceiver({ directory });
    receiver.setSecrets([SECRET]);
    await deliver(receiver.webhookUrl, BODY, "dlv_1");
    expect((await fetch(`${receiver.url}/received`, { method: "DELETE" })).status).toBe(204);
    expect(await (await fetch(`${receiver.url}/received`)).json()).toEqual([]);
  }
  await using again = await startReceiver({ directory });
  expect(await (await fetch(`${again.url}/received`)).json()).toEqual([]);
});

test("past the limit the oldest are dropped, counted, and the file stays bounded", async () => {
  const limits = { records: 3, bytes: 1_000_000 };
  await using receiver = await startReceiver({ directory, limits });
  receiver.setSecrets([SECRET]);
  for (let i = 1; i <= 12; i += 1) {
    await deliver(receiver.webhookUrl, BODY, `dlv_${i}`);
  }
  const list = await fetch(`${receiver.url}/received`);
  expect(list.headers.get("aqueduto-dropped")).toBe("9");
  const kept = await received(receiver.url);
  expect(kept.map((each) => each["webhook-id"])).toEqual(["dlv_10", "dlv_11", "dlv_12"]);
  const lines = (await readFile(join(directory, "received.jsonl"), "utf8")).trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(2 * limits.records);
});

test("a foreign Host header is refused", async () => {
  await using receiver = await startReceiver({ directory });
  const { request } = await import("node:http");
  const status = await new Promise((resolve, reject) => {
    const sent = request(`${receiver.url}/received`, { headers: { host: "evil.example" } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on("error", reject);
    sent.end();
  });
  expect(status).toBe(421);
});
