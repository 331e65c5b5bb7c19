import { createAccess } from "../../control/access/create.ts";
import { createClientApplication } from "../../control/client/create.ts";
import { type ActionContext, systemContext } from "../../control/context.ts";
import { createLicense } from "../../control/license/create.ts";
import { createPartner } from "../../control/partner/create.ts";
import { registerService } from "../../control/service/register.ts";
import { createToken } from "../../control/token/create.ts";
import { regenerateToken } from "../../control/token/regenerate.ts";
import { createWebhook } from "../../control/webhook/create.ts";
import { moveDemoWebhook } from "../../control/webhook/move-demo.ts";
import { type Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { Secret } from "../../platform/secret.ts";
import { openSealed } from "../../platform/seal.ts";
import { tokenDigest } from "../../platform/token-digest.ts";
import { baseOpenapi } from "../catalog/load-catalog.ts";

type Deps = Pick<ActionContext, "db" | "clock" | "keyring">;

/** Where the demo's parts listen, and the credential the base expects. */
export type DemoPlaces = {
  tenantId: string;
  baseUrl: string;
  credential: Secret;
  identityKey: Buffer;
  receiver: { host: string; port: number };
  /** The token of the last start, kept when it is still the live one. */
  knownToken: Secret | undefined;
};

export type ProvisionedDemo = {
  partnerId: string;
  licenseId: string;
  accessId: string;
  webhookId: string;
  webhookSecret: Secret;
  token: Secret;
};

const names = { service: "base", partner: "Banco Demo (TESTE)", license: "demo", client: "demo", webhook: "demo" };
const yearMs = 365 * 24 * 3_600_000;

/** One operation of the base stays outside the license, so that the uniform 404 can be seen. */
const granted = ["getProperty", "listOpenBills", "getBill", "listPropertyPayments", "checkIdentity", "listDebts"];
const shown = { indirect: "full", identity: "masked", address: "masked", financial: "full" } as const;
/** A yes or no about an identity has no masked form: a license that does not show it whole gets no answer. */
const projections: Readonly<Record<string, Record<string, "full">>> = { checkIdentity: { identity: "full" } };

/**
 * Makes the rows of the demo utility through the ordinary verbs: service, partner, license, client, access, token,
 * webhook. What is there already is kept, so a start that was killed half way goes on; addresses follow the listeners.
 */
export async function provisionDemo(deps: Deps, places: DemoPlaces): Promise<ProvisionedDemo> {
  const ctx = systemContext(deps, places.tenantId, "demo");
  const { baseUrl, credential, identityKey } = places;
  await registerService(ctx, { name: names.service, liveUrl: null, sandboxUrl: baseUrl, credential, identityKey, openapi: baseOpenapi });
  const partnerId = await findOr(ctx, partnerNamed, async () => (await createPartner(ctx, { name: names.partner })).partner_id);
  const licenseId = await findOr(ctx, licenseOf(partnerId), async () => (await createLicense(ctx, newLicense(ctx, partnerId))).license_id);
  const clientId = await findOr(
    ctx,
    clientOf(partnerId),
    async () => (await createClientApplication(ctx, { partner_id: partnerId, name: names.client })).client_id,
  );
  const accessId = await findOr(
    ctx,
    accessOf(clientId, licenseId),
    async () => (await createAccess(ctx, newAccess(clientId, licenseId))).access_id,
  );
  const token = await provisionToken(ctx, accessId, places.knownToken);
  const webhook = await provisionWebhook(ctx, licenseId, places.receiver);
  return { partnerId, licenseId, accessId, token, ...webhook };
}

type Find = (tx: Tx, tenantId: string) => Promise<string | undefined>;

async function findOr(ctx: ActionContext, find: Find, make: () => Promise<string>): Promise<string> {
  return (await tenantTx(ctx.db, ctx.tenantId, (tx) => find(tx, ctx.tenantId))) ?? make();
}

const partnerNamed: Find = async (tx, tenantId) =>
  (
    await tx
      .selectFrom("partner")
      .select("partner_id")
      .where("tenant_id", "=", tenantId)
      .where("name", "=", names.partner)
      .executeTakeFirst()
  )?.partner_id;

function licenseOf(partnerId: string): Find {
  return async (tx, tenantId) =>
    (
      await tx
        .selectFrom("license")
        .select("license_id")
        .where("tenant_id", "=", tenantId)
        .where("partner_id", "=", partnerId)
        .where("name", "=", names.license)
        .executeTakeFirst()
    )?.license_id;
}

function clientOf(partnerId: string): Find {
  return async (tx, tenantId) =>
    (
      await tx
        .selectFrom("client")
        .select("client_id")
        .where("tenant_id", "=", tenantId)
        .where("partner_id", "=", partnerId)
        .where("name", "=", names.client)
        .executeTakeFirst()
    )?.client_id;
}

function accessOf(clientId: string, licenseId: string): Find {
  return async (tx, tenantId) =>
    (
      await tx
        .selectFrom("access")
        .select("access_id")
        .where("tenant_id", "=", tenantId)
        .where("client_id", "=", clientId)
        .where("license_id", "=", licenseId)
        .executeTakeFirst()
    )?.access_id;
}

function newLicense(ctx: ActionContext, partnerId: string) {
  return {
    partner_id: partnerId,
    name: names.license,
    purpose: "Demonstration: collection of water bills",
    legal_basis: "art. 7 V" as const,
    ends_at: new Date(ctx.clock.now().getTime() + yearMs).toISOString(),
    rate_per_second: 200,
    burst: 400,
    operations: granted.map((operation_id) => ({ operation_id, projection: projections[operation_id] ?? shown })),
    events: ["client-transaction", "client-transaction-reversed"].map((event_type) => ({ event_type, variant: "whole" as const })),
  };
}

/** Test tokens of the demo work from this machine alone. */
function newAccess(clientId: string, licenseId: string) {
  return {
    client_id: clientId,
    license_id: licenseId,
    kind: "confidential" as const,
    mode: "test" as const,
    cidrs: ["127.0.0.1/32", "::1/128"],
  };
}

/** The live token when its text is still known; else a new one in its place. */
async function provisionToken(ctx: ActionContext, accessId: string, known: Secret | undefined): Promise<Secret> {
  const live = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("token")
      .select("digest")
      .where("tenant_id", "=", ctx.tenantId)
      .where("access_id", "=", accessId)
      .where("state", "=", "live")
      .executeTakeFirst(),
  );
  if (live === undefined) return new Secret((await createToken(ctx, { access_id: accessId })).token);
  if (known !== undefined && isOneOf(ctx, known, live.digest)) return known;
  return new Secret((await regenerateToken(ctx, { access_id: accessId, overlap: "0" })).token);
}

function isOneOf(ctx: ActionContext, token: Secret, digest: Buffer): boolean {
  const peppers = [ctx.keyring.pepper, ctx.keyring.pepper.previous].filter((pepper) => pepper !== undefined);
  return peppers.some((pepper) => tokenDigest(pepper.key, token.reveal()).equals(digest));
}

async function provisionWebhook(
  ctx: ActionContext,
  licenseId: string,
  receiver: DemoPlaces["receiver"],
): Promise<{ webhookId: string; webhookSecret: Secret }> {
  const allowedAddress = `${receiver.host}:${receiver.port}`;
  const url = `http://${allowedAddress}/webhook`;
  const there = await demoWebhook(ctx);
  if (there === undefined) {
    const event_types = ["client-transaction", "client-transaction-reversed"];
    const made = await createWebhook(
      ctx,
      { license_id: licenseId, name: names.webhook, url, event_types, mode: "test" },
      { allowedAddress },
    );
    return { webhookId: made.webhook_id, webhookSecret: new Secret(made.secret) };
  }
  await moveDemoWebhook(ctx, { webhook_id: there.webhook_id, url, allowedAddress });
  const secret = openSealed(ctx.keyring, there.secret_sealed, `webhook.secret:${there.webhook_id}`).toString();
  return { webhookId: there.webhook_id, webhookSecret: new Secret(secret) };
}

function demoWebhook(ctx: ActionContext) {
  return tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("webhook")
      .select(["webhook_id", "secret_sealed"])
      .where("tenant_id", "=", ctx.tenantId)
      .where("allowed_address", "is not", null)
      .executeTakeFirst(),
  );
}
