import { createServer, connect, type AddressInfo, type Server } from "node:net";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kill, PlatformProcess, until, type Demo } from "../helpers/platform-process.ts";

const tokenCount = 200;

let platform: PlatformProcess;
let diagnostics: string;
let demo: Demo;
let recorder: { server: Server; bytes: Buffer[]; url: string };
const tokens: string[] = [];

/** A TCP proxy in front of the base that keeps every byte the gateway sends. */
async function recordUpstream(base: string): Promise<typeof recorder> {
  const bytes: Buffer[] = [];
  const target = new URL(base);
  const server = createServer((socket) => {
    const upstream = connect(Number(target.port), target.hostname);
    socket.on("data", (chunk: Buffer) => bytes.push(chunk));
    socket.pipe(upstream).pipe(socket);
    for (const end of [socket, upstream]) end.on("error", () => end.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, bytes, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A superuser's connection to a database of the platform's own PostgreSQL. */
async function superuser(database: string): Promise<pg.Client> {
  const run = JSON.parse(await readFile(join(platform.dataDir, "run.json"), "utf8")) as { postgres: { port: number } };
  const password = (await readFile(join(platform.dataDir, "pg", "superuser-password"), "utf8")).trim();
  const client = new pg.Client({ host: "127.0.0.1", port: run.postgres.port, user: "aqueduto", password, database });
  await client.connect();
  return client;
}

beforeAll(async () => {
  diagnostics = await mkdtemp(join(tmpdir(), "aqueduto-heap-"));
  const NODE_OPTIONS = `--heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${diagnostics}`;
  platform = await PlatformProcess.start({ AQUEDUTO_LOG: "trace", NODE_OPTIONS });
  demo = await platform.demo();
  recorder = await recordUpstream(demo.base);
  const db = await superuser("aqueduto");
  await db.query("UPDATE aqueduto.service SET sandbox_url = $1", [recorder.url]);
  await db.end();
  for (let i = 0; i < tokenCount; i += 1) tokens.push(await spentToken(i));
});

afterAll(async () => {
  recorder?.server.close();
  await platform?.[Symbol.asyncDispose]();
  await rm(diagnostics, { recursive: true, force: true });
});

/** A token of an access of its own, used in calls that succeed, that fail and that carry it in wrong places. */
async function spentToken(i: number): Promise<string> {
  const client = await platform.admin("POST", "/v1/clients", { partner_id: demo.partnerId, name: `canary ${i}` });
  const access = await platform.admin("POST", "/v1/accesses", {
    client_id: client.body["client_id"],
    license_id: demo.licenseId,
    kind: "confidential",
    mode: "test",
    cidrs: ["127.0.0.1/32"],
  });
  const made = await platform.admin("POST", `/v1/accesses/${String(access.body["access_id"])}/tokens`, {});
  const token = String(made.body["token"]);
  const authorization = `Bearer ${token}`;
  const good = await fetch(demo.gateway + demo.call.path, {
    headers: { authorization, "x-copy": token, cookie: `t=${token}`, referer: `http://a/?t=${token}` },
  });
  expect(good.status).toBe(200);
  await good.arrayBuffer();
  for (const path of [demo.forbidden.path, `${demo.call.path}?access_token=${token}`, `/v1/${token}`]) {
    const refused = await fetch(demo.gateway + path, { headers: { authorization } });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(await refused.text()).not.toContain(token);
  }
  const post = await fetch(`${demo.gateway}/v1/identity-checks`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ nonsense: token }),
  });
  expect(post.status).toBeGreaterThanOrEqual(400);
  return token;
}

/** Which of the needles stand in the haystack, as text, hex or base64 of it. */
function found(haystack: Buffer, needles: string[]): string[] {
  const text = haystack.toString("latin1");
  return needles.filter(
    (needle) =>
      text.includes(needle) ||
      text.includes(Buffer.from(needle).toString("hex")) ||
      text.includes(Buffer.from(needle).toString("base64").slice(0, -4)),
  );
}

async function files(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Every file under the data directory but demo.json: WAL and table files, journal, keys, recorded deliveries. */
async function scanDataDirectory(needles: string[]): Promise<string[]> {
  const hits: string[] = [];
  for (const file of await files(platform.dataDir)) {
    if (file === join(platform.dataDir, "demo.json")) continue;
    const size = (await stat(file).catch(() => undefined))?.size ?? 0;
    if (size === 0) continue;
    const content = await readFile(file).catch(() => undefined);
    if (content !== undefined && found(content, needles).length > 0) hits.push(file);
  }
  return hits;
}

/** Every row of every table of a database as text: what compressed storage could hide from the scan of the files. */
async function dump(database: string): Promise<Buffer> {
  const db = await superuser(database);
  const tables = await db.query<{ name: string }>(
    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
  );
  const parts: Buffer[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await db.query<{ line: string }>(`SELECT t::text AS line FROM ${name} t`);
    parts.push(Buffer.from(rows.map((row) => row.line).join("\n")));
  }
  await db.query("CHECKPOINT");
  await db.end();
  return Buffer.concat(parts);
}

async function databases(): Promise<string[]> {
  const db = await superuser("postgres");
  const { rows } = await db.query<{ datname: string }>("SELECT datname FROM pg_database WHERE datallowconn AND datname <> 'template1'");
  await db.end();
  return rows.map((row) => row.datname);
}

test("200 distinct tokens were used", () => {
  expect(new Set(tokens).size).toBe(tokenCount);
});

test("none of them is in the bytes that the upstream received", () => {
  const bytes = Buffer.concat(recorder.bytes);
  expect(bytes.toString("latin1")).toContain("aqueduto-identity");
  expect(found(bytes, tokens)).toEqual([]);
});

test("none of them is in a dump of the databases, in the logs, or in any file of the data directory, WAL included", async () => {
  const names = await databases();
  expect(names.length).toBeGreaterThanOrEqual(2);
  for (const name of names) expect(found(await dump(name), tokens)).toEqual([]);
  expect(found(Buffer.from(platform.output), tokens)).toEqual([]);
  expect(await scanDataDirectory(tokens)).toEqual([]);
});

test("none of them is in a heap snapshot after a full collection, where the demo's own token, which the process keeps, is found", async () => {
  kill(platform.pid, "SIGUSR2");
  const snapshot = await until("a heap snapshot", async () => {
    const name = (await readdir(diagnostics)).find((file) => file.endsWith(".heapsnapshot"));
    const content = name === undefined ? undefined : await readFile(join(diagnostics, name));
    // the file is whole when its last brace is there
    return content?.subarray(-4).toString().trimEnd().endsWith("}") === true && content;
  });
  expect(found(snapshot, [demo.token])).toEqual([demo.token]);
  expect(found(snapshot, tokens)).toEqual([]);
});

test("a planted leak is found by the same scan, in each of those places", async () => {
  const canary = `aq_test_${randomBytes(19).toString("hex")}`;
  const db = await superuser("aqueduto");
  await db.query("CREATE TABLE aqueduto.planted (leak text)");
  await db.query("INSERT INTO aqueduto.planted VALUES ($1)", [canary]);
  await db.end();
  expect(found(await dump("aqueduto"), [canary])).toEqual([canary]);
  const hits = await scanDataDirectory([canary]);
  expect(hits.some((file) => file.includes("pg_wal"))).toBe(true);
  expect(hits.some((file) => file.includes("/base/"))).toBe(true);
  const direct = await fetch(`${recorder.url}/healthz`, { headers: { "x-leak": canary } });
  await direct.arrayBuffer();
  expect(found(Buffer.concat(recorder.bytes), [canary])).toEqual([canary]);
});
