import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { createTestUser } from "../../../test/helpers/people.ts";
import { auditOf, contextWith, createTenantFixture, type TenantFixture } from "../../../test/helpers/tenant.ts";
import { openCheckedKeyring } from "../../db/check-keys.ts";
import type { Db } from "../../db/database.ts";
import { platformTx } from "../../db/tx.ts";
import { systemClock } from "../../platform/clock.ts";
import { readKeyFiles, strayKeys } from "../../platform/key-backup.ts";
import { makeNextKey, type OpenKeyring } from "../../platform/keyring.ts";
import { openSealed, sealedBy } from "../../platform/seal.ts";
import { tokenDigest } from "../../platform/token-digest.ts";
import { authenticateApiKey } from "../api-key/authenticate.ts";
import { systemContext } from "../context.ts";
import { registerToken } from "../token/register.ts";
import { revokeToken } from "../token/revoke.ts";
import { closePeppers } from "./close-peppers.ts";
import { DigestRewriter } from "./digest-rewriter.ts";
import { endPepper } from "./end-pepper.ts";
import { followKeys } from "./keyring-job.ts";
import { listPepperUses } from "./list-accesses.ts";
import { listKeyring } from "./list.ts";
import { promoteKeys } from "./promote.ts";
import { rehashPeople } from "./rehash-people.ts";
import { resealBatch } from "./reseal.ts";
import { rotateKey } from "./rotate.ts";
import { keptUnderTheirKey, sealedColumns } from "./sealed-columns.ts";

type Bed = {
  db: Db;
  keyring: OpenKeyring;
  directory: string;
  fixture: TenantFixture;
  job: ReturnType<typeof systemContext>;
} & AsyncDisposable;

/** A tenant whose keys are files of an installation. */
async function createBed(): Promise<Bed> {
  const base = await createTestDatabase();
  const directory = await mkdtemp(join(tmpdir(), "aqueduto-keys-"));
  const keyring = await openCheckedKeyring(base.db, directory);
  const fixture = await createTenantFixture(base.db, { keyring });
  const job = systemContext({ db: base.db, clock: systemClock, keyring }, "", "keyring");
  return {
    db: base.db,
    keyring,
    directory,
    fixture,
    job,
    async [Symbol.asyncDispose]() {
      await base[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const at = (ms: number) => ({ ...systemClock, now: () => new Date(ms) });

/** A whole rotation: made, read by the node, live. */
async function rotate(bed: Bed, purpose: "pepper" | "data"): Promise<string> {
  const { kid } = await rotateKey(bed.fixture.ctx, { purpose, reason: "test" }, (of) => makeNextKey(bed.directory, of));
  await followKeys(bed);
  await promoteKeys({ db: bed.db, clock: at(Date.now() + 11_000) });
  await followKeys(bed);
  return kid;
}

async function tokenRow(bed: Bed): Promise<{ digest: Buffer; pepper_id: string; state: string }> {
  return platformTx(bed.db, (tx) =>
    tx.selectFrom("token").select(["digest", "pepper_id", "state"]).where("token_id", "=", bed.fixture.tokenId).executeTakeFirstOrThrow(),
  );
}

describe("a rotation", () => {
  test("goes live only after every node could read the key, and the one before stays readable", async () => {
    await using bed = await createBed();
    const before = bed.keyring.data.kid;
    const { kid } = await rotateKey(bed.fixture.ctx, { purpose: "data", reason: "yearly" }, (of) => makeNextKey(bed.directory, of));
    await followKeys(bed);
    expect(await promoteKeys({ db: bed.db, clock: at(Date.now() + 5_000) })).toEqual([]);
    expect(bed.keyring.data.kid).toBe(before);
    expect(await promoteKeys({ db: bed.db, clock: at(Date.now() + 11_000) })).toEqual([kid]);
    await followKeys(bed);
    expect(bed.keyring.data.kid).toBe(kid);
    expect([...bed.keyring.oldData.keys()]).toEqual([before]);
    expect(await auditOf(bed.db, bed.fixture.tenantId, kid)).toMatchObject([
      { action: "keyring.rotate", detail: { purpose: "data", reason: "yearly" } },
    ]);
  });

  test("of a data key seals every value anew, and values open before, during and after", async () => {
    await using bed = await createBed();
    const { serviceId, webhook } = bed.fixture;
    const values = () =>
      platformTx(bed.db, async (tx) => ({
        credential: (
          await tx.selectFrom("service").select("credential_sealed as value").where("service_id", "=", serviceId).executeTakeFirstOrThrow()
        ).value,
        secret: (
          await tx
            .selectFrom("webhook")
            .select("secret_sealed as value")
            .where("webhook_id", "=", webhook.webhook_id)
            .executeTakeFirstOrThrow()
        ).value,
      }));
    const read = async () => {
      const { credential, secret } = await values();
      return [
        openSealed(bed.keyring, credential, `service.credential:${serviceId}`).toString(),
        openSealed(bed.keyring, secret, `webhook.secret:${webhook.webhook_id}`).toString(),
      ];
    };
    const expected = [bed.fixture.serviceCredential, webhook.secret];
    expect(await read()).toEqual(expected);
    const kid = await rotate(bed, "data");
    expect(await read()).toEqual(expected);
    expect((await resealBatch(bed.job)).sealed).toBeGreaterThanOrEqual(3);
    expect(await resealBatch(bed.job)).toEqual({ sealed: 0, unreadable: [] });
    expect(Object.values(await values()).map(sealedBy)).toEqual([kid, kid]);
    expect(await read()).toEqual(expected);
    const listed = (await listKeyring(bed.fixture.ctx)).keys.filter((key) => key.purpose === "data");
    expect(listed.map((key) => [key.state, key.rows > 0])).toEqual([
      ["live", true],
      ["old", false],
    ]);
  });

  test("of the pepper leaves tokens and API keys valid, and a hit brings its row under the new one", async () => {
    await using bed = await createBed();
    const { token, tokenId, tenantId, apiKey, apiKeyId } = bed.fixture;
    const before = bed.keyring.pepper;
    const kid = await rotate(bed, "pepper");
    expect(bed.keyring.pepper.previous?.kid).toBe(before.kid);
    expect((await tokenRow(bed)).digest).toEqual(tokenDigest(before.key, token));
    const key = await authenticateApiKey(bed.db, bed.keyring, apiKey);
    expect(key).toMatchObject({ keyId: apiKeyId, newDigest: tokenDigest(bed.keyring.pepper.key, apiKey) });
    const rewriter = new DigestRewriter(bed.job);
    const digest = tokenDigest(bed.keyring.pepper.key, token);
    rewriter.note({ table: "token", tenantId, id: tokenId, digest });
    rewriter.note({ table: "token", tenantId, id: tokenId, digest });
    rewriter.note({ table: "api_key", tenantId, id: apiKeyId, digest: key?.newDigest ?? Buffer.alloc(32) });
    expect(await rewriter.flush()).toBe(2);
    expect(await tokenRow(bed)).toMatchObject({ digest, pepper_id: kid, state: "live" });
    expect(await authenticateApiKey(bed.db, bed.keyring, apiKey)).not.toHaveProperty("newDigest");
    expect(await rewriter.flush()).toBe(0);
    expect(await auditOf(bed.db, tenantId, kid)).toMatchObject([
      { action: "keyring.rotate" },
      { action: "keyring.rewrite" },
      { action: "keyring.rewrite" },
    ]);
  });

  test("a hit of a node that does not know the newest pepper rewrites nothing", async () => {
    await using bed = await createBed();
    const stale = { ...bed.job, keyring: { ...bed.keyring, pepper: { kid: "unknown1", key: randomBytes(32) } } };
    const rewriter = new DigestRewriter(stale);
    rewriter.note({ table: "token", tenantId: bed.fixture.tenantId, id: bed.fixture.tokenId, digest: randomBytes(32) });
    const before = await tokenRow(bed);
    expect(await rewriter.flush()).toBe(0);
    expect(await tokenRow(bed)).toEqual(before);
  });

  test("is refused while another is under way, and a third pepper while two answer", async () => {
    await using bed = await createBed();
    const make = (of: "pepper" | "data") => makeNextKey(bed.directory, of);
    await rotateKey(bed.fixture.ctx, { purpose: "data", reason: "x" }, make);
    await expect(rotateKey(bed.fixture.ctx, { purpose: "data", reason: "x" }, make)).rejects.toMatchObject({ code: "conflict" });
    await rotate(bed, "pepper");
    await expect(rotateKey(bed.fixture.ctx, { purpose: "pepper", reason: "x" }, make)).rejects.toMatchObject({ code: "conflict" });
  });

  test("at once with one of another purpose: both are made; with one of its own: one is, the other is refused", async () => {
    await using bed = await createBed();
    const make = (of: "pepper" | "data") => makeNextKey(bed.directory, of);
    const start = (purpose: "pepper" | "data") => rotateKey(bed.fixture.ctx, { purpose, reason: "x" }, make);
    const results = await Promise.allSettled([start("data"), start("pepper"), start("data"), start("pepper"), start("data")]);
    const made = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    expect(made.map((key) => key.purpose).toSorted()).toEqual(["data", "pepper"]);
    for (const result of results) if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "conflict" });
    await followKeys(bed);
    const soon = { db: bed.db, clock: at(Date.now() + 11_000) };
    const promoted = await Promise.all([promoteKeys(soon), promoteKeys(soon)]);
    expect(promoted.flat().toSorted()).toEqual(made.map((key) => key.kid).toSorted());
    await followKeys(bed);
    expect([bed.keyring.data.kid, bed.keyring.pepper.kid].toSorted()).toEqual(made.map((key) => key.kid).toSorted());
    // no refused one left a file
    expect(strayKeys(await readKeyFiles(bed.directory), (await listKeyring(bed.fixture.ctx)).keys)).toEqual([]);
  });

  test("that ends between its file and its row leaves a stray file, which the check of the keys names, and the next one goes on", async () => {
    await using bed = await createBed();
    let made = "";
    const crash = rotateKey(bed.fixture.ctx, { purpose: "data", reason: "x" }, (of) => {
      made = makeNextKey(bed.directory, of).kid;
      throw new Error("killed here");
    });
    await expect(crash).rejects.toThrow("killed here");
    const strays = async () => strayKeys(await readKeyFiles(bed.directory), (await listKeyring(bed.fixture.ctx)).keys);
    expect(await strays()).toEqual([`data-${made}`]);
    const kid = await rotate(bed, "data");
    expect(bed.keyring.data.kid).toBe(kid);
    expect(await strays()).toEqual([`data-${made}`]);
  });

  test("seals and hashes the rest anew where one value does not open, names that one, and leaves it under its key", async () => {
    await using bed = await createBed();
    const { tenantId, serviceId, webhook } = bed.fixture;
    const { userId } = await createTestUser(bed.fixture.ctx, ["auditor"]);
    const { userId: broken } = await createTestUser(bed.fixture.ctx, ["auditor"]);
    const before = { data: bed.keyring.data.kid, pepper: bed.keyring.pepper.kid };
    await platformTx(bed.db, async (tx) => {
      await sql`UPDATE service SET credential_sealed = overlay(credential_sealed placing '\\x00'::bytea from length(credential_sealed)),
                  identity_key_sealed = overlay(identity_key_sealed placing '\\xff'::bytea from 3) WHERE service_id = ${serviceId}`.execute(
        tx,
      );
      await sql`UPDATE person SET email_sealed = (SELECT email_sealed FROM person WHERE user_id = ${userId}) WHERE user_id = ${broken}`.execute(
        tx,
      );
    });
    const kid = await rotate(bed, "data");
    const lost = [
      `service.credential_sealed of ${tenantId} ${serviceId}`,
      `service.identity_key_sealed of ${tenantId} ${serviceId}`,
      `person.email_sealed of ${tenantId} ${broken}`,
    ];
    expect((await resealBatch(bed.job)).unreadable.toSorted()).toEqual(lost.toSorted());
    expect(await resealBatch(bed.job)).toMatchObject({ sealed: 0 });
    const { secret } = await platformTx(bed.db, (tx) =>
      tx.selectFrom("webhook").select("secret_sealed as secret").where("webhook_id", "=", webhook.webhook_id).executeTakeFirstOrThrow(),
    );
    expect(sealedBy(secret)).toBe(kid);
    expect(bed.keyring.oldData.has(before.data)).toBe(true);
    const old = (await listKeyring(bed.fixture.ctx)).keys.find((key) => key.kid === before.data);
    expect(old).toMatchObject({ state: "old", rows: 2 });
    const pepper = await rotate(bed, "pepper");
    expect(await rehashPeople(bed.job)).toEqual({ rehashed: 1, unreadable: [`person.email_sealed of ${tenantId} ${broken}`] });
    const people = await platformTx(bed.db, (tx) => tx.selectFrom("person").select(["user_id", "pepper_id"]).execute());
    expect(new Map(people.map((one) => [one.user_id, one.pepper_id]))).toEqual(
      new Map([
        [userId, pepper],
        [broken, before.pepper],
      ]),
    );
  });

  test("takes a key with its scope, and no partner's user", async () => {
    await using bed = await createBed();
    const make = (): never => {
      throw new Error("no key may be made");
    };
    const without = contextWith(bed.fixture, ["keyring:read"]);
    await expect(rotateKey(without, { purpose: "data", reason: "x" }, make)).rejects.toMatchObject({ code: "forbidden" });
    const partners = { ...bed.fixture.ctx, partnerIds: [bed.fixture.partner.partner_id] };
    await expect(rotateKey(partners, { purpose: "data", reason: "x" }, make)).rejects.toMatchObject({ code: "not-found" });
    await expect(listKeyring(partners)).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("the end of an old pepper", () => {
  test("comes by itself once nothing stands under it", async () => {
    await using bed = await createBed();
    const { kid } = bed.keyring.pepper;
    const next = await rotate(bed, "pepper");
    expect(await closePeppers(bed.job)).toEqual([]);
    await platformTx(bed.db, (tx) =>
      sql`WITH t AS (UPDATE token SET pepper_id = ${next} RETURNING 1), p AS (UPDATE person SET pepper_id = ${next} RETURNING 1)
          UPDATE api_key SET pepper_id = ${next}`.execute(tx),
    );
    expect(await closePeppers(bed.job)).toEqual([kid]);
    await followKeys(bed);
    expect(bed.keyring.pepper.previous).toBeUndefined();
    expect(await auditOf(bed.db, bed.fixture.tenantId, kid)).toMatchObject([{ action: "keyring.ended", detail: { tokens_ended: 0 } }]);
  });

  test("at a stated date is listed and told to each access, and then ends what is left", async () => {
    await using bed = await createBed();
    const { ctx, tenantId, access, tokenId, apiKey } = bed.fixture;
    const { kid } = bed.keyring.pepper;
    await rotate(bed, "pepper");
    expect((await listPepperUses(ctx, { kid })).items).toMatchObject([{ token_id: tokenId, access_id: access.access_id }]);
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    await expect(endPepper(ctx, { kid, ends_at: soon, reason: "x" })).rejects.toMatchObject({
      code: "invalid-field",
      pointer: "/body/ends_at",
    });
    const endsAt = Date.now() + 25 * 3_600_000;
    const stated = { kid, ends_at: new Date(endsAt).toISOString(), reason: "leak suspected" };
    expect(await endPepper(ctx, stated)).toEqual({ kid, ends_at: stated.ends_at, accesses: 1 });
    expect((await auditOf(bed.db, tenantId, access.access_id)).map((entry) => entry.action)).toContain("access.renewal_notice");
    expect(await closePeppers({ ...bed.job, clock: at(endsAt - 1) })).toEqual([]);
    expect((await tokenRow(bed)).state).toBe("live");
    expect(await closePeppers({ ...bed.job, clock: at(endsAt) })).toEqual([kid]);
    expect((await tokenRow(bed)).state).toBe("ended");
    expect(await auditOf(bed.db, tenantId, tokenId)).toMatchObject([{ action: "token.create" }, { action: "token.end" }]);
    await followKeys(bed);
    expect(await authenticateApiKey(bed.db, bed.keyring, apiKey)).toBeUndefined();
  });

  test("does not bring back what a client registered under it: that hash stays refused for good", async () => {
    await using bed = await createBed();
    const { ctx, access, tokenId } = bed.fixture;
    await revokeToken(ctx, { token_id: tokenId, reason: "x" });
    const sha256 = randomBytes(32).toString("hex");
    const register = () => registerToken(ctx, { access_id: access.access_id, sha256 });
    const { token_id } = await register();
    await revokeToken(ctx, { token_id, reason: "x" });
    const { kid } = bed.keyring.pepper;
    await rotate(bed, "pepper");
    await platformTx(bed.db, (tx) => sql`UPDATE api_key SET pepper_id = ${bed.keyring.pepper.kid}`.execute(tx));
    expect(await closePeppers(bed.job)).toEqual([kid]);
    await followKeys(bed);
    expect(bed.keyring.pepper.previous).toBeUndefined();
    await expect(register()).rejects.toMatchObject({ code: "invalid-field", pointer: "/body/sha256" });
  });

  test("is not for a live pepper, a data key, or one that is not there", async () => {
    await using bed = await createBed();
    const end = (kid: string) => endPepper(bed.fixture.ctx, { kid, ends_at: "2100-01-01T00:00:00Z", reason: "x" });
    await expect(end(bed.keyring.pepper.kid)).rejects.toMatchObject({ code: "conflict" });
    await expect(end(bed.keyring.data.kid)).rejects.toMatchObject({ code: "not-found" });
    await expect(end("nothing1")).rejects.toMatchObject({ code: "not-found" });
  });
});

test("every sealed column of the schema is sealed anew by a rotation or stays under its key for a stated reason", async () => {
  await using base = await createTestDatabase();
  const { rows } = await sql<{ name: string }>`
    SELECT c.relname || '.' || a.attname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relnamespace = 'aqueduto'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND a.attname LIKE '%\_sealed' ORDER BY 1`.execute(base.db);
  const known = [...sealedColumns.map((one) => `${one.table}.${one.column}`), ...keptUnderTheirKey];
  expect(rows.map((row) => row.name)).toEqual(known.toSorted());
});
