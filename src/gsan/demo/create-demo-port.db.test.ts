import pg from "pg";
import { expect, test, vi } from "vitest";
import { createEmptyDatabase } from "../../../test/helpers/database.ts";
import type { DemoBaseProgress } from "../../contract/demo-port.ts";
import { createDemoBase } from "./create-demo-base.ts";
import { createDemoPort } from "./create-demo-port.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const clock = { now: () => new Date("2026-11-24T15:00:00Z"), timeZone: "America/Recife" };

async function drop(url: string, ...statements: string[]): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  for (const statement of statements) {
    await admin.query(statement);
  }
  await admin.end();
}

test("the port pays, closes, takes back, and goes on after it rebuilt the base", async () => {
  await using host = await createEmptyDatabase();
  const name = `${host.name}_port`;
  const reader = { role: `${name}_reader`, password: "secret" };
  const swaps: string[] = [];
  const server = {
    adminUrl: host.url,
    name,
    reader,
    aroundSwap: async (swap: () => Promise<void>) => {
      swaps.push("before");
      await swap();
      swaps.push("after");
    },
  };
  const { aroundSwap, ...first } = server;
  const base = await createDemoBase({ ...first, properties: 100, seed: 1, referenceDate: "2026-11-24" });
  const port = createDemoPort({ base, clock, server: { ...first, aroundSwap } });
  try {
    expect((await port.pay({ count: 30, as_file: true })).payments).toBe(30);
    expect((await port.closeMonth()).moved).toBeGreaterThan(30);
    expect((await port.reverse({})).reversed).toBe(1);
    const seen: DemoBaseProgress[] = [];
    for await (const progress of port.base({ properties: 150 })) {
      seen.push(progress);
    }
    expect(seen.at(-1)).toMatchObject({ step: "ready", done: true, properties_done: 150 });
    expect(seen.every(({ rows }, index) => rows >= (seen[index - 1]?.rows ?? 0))).toBe(true);
    expect(swaps).toEqual(["before", "after"]);
    expect((await port.pay({ count: 5, as_file: false })).payments).toBe(5);
  } finally {
    await port.close();
    await drop(host.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`, `DROP ROLE IF EXISTS ${reader.role}`);
  }
});

test("a rebuild with impossible numbers fails with the reason and leaves the old base", async () => {
  await using host = await createEmptyDatabase();
  const name = `${host.name}_port`;
  const server = { adminUrl: host.url, name, reader: { role: `${name}_reader`, password: "secret" } };
  const base = await createDemoBase({ ...server, properties: 60, seed: 1, referenceDate: "2026-11-24" });
  const port = createDemoPort({ base, clock, server });
  try {
    await expect(async () => {
      for await (const progress of port.base({ properties: 3 })) {
        expect(progress.done).toBe(false);
      }
    }).rejects.toMatchObject({ code: "invalid-field", pointer: "/properties" });
    expect((await port.pay({ count: 1, as_file: false })).payments).toBe(1);
  } finally {
    await port.close();
    await drop(
      host.url,
      `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`,
      `DROP DATABASE IF EXISTS ${name}_building WITH (FORCE)`,
      `DROP ROLE IF EXISTS ${name}_reader`,
    );
  }
});
