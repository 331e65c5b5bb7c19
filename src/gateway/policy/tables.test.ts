import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { accessRow, tokenRow } from "../testing/test-policy.ts";
import { AccessTable } from "./access-table.ts";
import { GrowingIndex } from "./growing-index.ts";
import type { TokenRow } from "./policy-rows.ts";
import { TokenTable } from "./token-table.ts";

test("an index finds what was added, through every growth, whatever the hashes", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 2 ** 32 - 1 }), { maxLength: 6_000 }), fc.boolean(), (hashes, narrow) => {
      // many records under few hashes: long runs of slots
      const hashOf = (ordinal: number): number => (narrow ? (hashes[ordinal] ?? 0) & 0xff : (hashes[ordinal] ?? 0));
      const index = new GrowingIndex(hashOf);
      for (const ordinal of hashes.keys()) {
        index.add(hashOf(ordinal), ordinal);
        const early = Math.floor(ordinal / 2);
        expect(index.find(hashOf(early), (at) => at === early)).toBe(early);
      }
      for (const ordinal of hashes.keys()) expect(index.find(hashOf(ordinal), (at) => at === ordinal)).toBe(ordinal);
      expect(index.find(12345, (at) => at === hashes.length)).toBe(-1);
    }),
    { numRuns: 15 },
  );
});

function token(id: number, more: Partial<TokenRow> = {}): TokenRow {
  return { ...tokenRow("x"), token_id: `tok_${id}`, digest: createHash("sha256").update(`token ${id}`).digest(), ...more };
}

const digestText = (row: TokenRow): string => row.digest.toString("latin1");

test("the newest row of each token is what its digest finds, and every other digest finds nothing", () => {
  const states = ["live", "retiring", "ended"] as const;
  const write = fc.record({
    id: fc.nat({ max: 40 }),
    digest: fc.nat({ max: 60 }),
    state: fc.constantFrom(...states),
    until: fc.option(fc.nat()),
  });
  fc.assert(
    fc.property(fc.array(write, { maxLength: 200 }), (writes) => {
      const table = new TokenTable();
      const newest = new Map<number, TokenRow>();
      for (const one of writes) {
        // a digest belongs to one token, ever
        const digest = createHash("sha256")
          .update(`${one.id} ${one.digest % 3}`)
          .digest();
        const row = token(one.id, { digest, state: one.state, expires_at: one.until === null ? null : new Date(one.until) });
        newest.set(one.id, row);
        table.put(row, one.id % 5);
      }
      expect(table.size).toBe(newest.size);
      for (const [id, row] of newest) {
        const found = table.read(table.find(digestText(row)));
        const expiresAtMs = row.expires_at?.getTime() ?? Number.POSITIVE_INFINITY;
        expect(found).toEqual({
          tokenId: row.token_id,
          access: id % 5,
          state: row.state,
          expiresAtMs,
          retiringUntilMs: Number.POSITIVE_INFINITY,
        });
        for (const other of [0, 1, 2]) {
          const digest = createHash("sha256").update(`${id} ${other}`).digest("latin1");
          if (digest !== digestText(row)) expect(table.find(digest)).toBe(-1);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test("ids of any length and alphabet are kept, tenants apart, and an access that changes keeps its place", () => {
  const ids = ["a", "acc_01j8x2y3z4a5b6c7d8e9f0g1h2", "x".repeat(31), "x".repeat(32), "y".repeat(64), "acção", "日本", "\u0000"];
  const table = new AccessTable();
  for (const tenant_id of ["ten_a", "ten_b"])
    for (const access_id of ids) table.put(accessRow({ tenant_id, access_id, client_id: `${tenant_id}_c` }));
  const places = ids.map((id) => table.find("ten_a", id));
  expect(new Set([...places, ...ids.map((id) => table.find("ten_b", id))]).size).toBe(ids.length * 2);
  for (const [at, id] of ids.entries())
    expect(table.read(places[at] ?? -1)).toMatchObject({ tenantId: "ten_a", accessId: id, state: "active" });
  table.put(
    accessRow({
      access_id: "a",
      state: "revoked",
      kind: "publishable",
      mode: "live",
      origins: ["https://a.example"],
      expires_at: new Date(7),
    }),
  );
  expect(table.find("ten_a", "a")).toBe(places[0]);
  expect(table.read(places[0] ?? -1)).toMatchObject({
    state: "revoked",
    kind: "publishable",
    mode: "live",
    origins: ["https://a.example"],
    expiresAtMs: 7,
  });
  expect(table.find("ten_a", "b")).toBe(-1);
  expect(table.find("ten_c", "a")).toBe(-1);
});

test("an origin lists the publishable accesses that have it now", () => {
  const table = new AccessTable();
  const put = (access_id: string, origins: string[], kind: "publishable" | "confidential" = "publishable") =>
    table.put(accessRow({ access_id, origins, kind }));
  put("one", ["https://a.example", "https://b.example"]);
  put("two", ["https://a.example"]);
  put("one", ["https://b.example"]);
  const names = (origin: string) => [...table.withOrigin(origin)].map((at) => table.read(at).accessId);
  expect(names("https://a.example")).toEqual(["two"]);
  expect(names("https://b.example")).toEqual(["one"]);
  put("two", [], "confidential");
  expect(names("https://a.example")).toEqual([]);
});
