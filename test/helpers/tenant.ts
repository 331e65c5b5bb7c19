import { randomBytes } from "node:crypto";
import { createAccess } from "../../src/control/access/create.ts";
import { createApiKey } from "../../src/control/api-key/create.ts";
import { createClientApplication } from "../../src/control/client/create.ts";
import { systemContext, type ActionContext } from "../../src/control/context.ts";
import { createLicense } from "../../src/control/license/create.ts";
import { createPartner } from "../../src/control/partner/create.ts";
import { registerService } from "../../src/control/service/register.ts";
import { createTenant } from "../../src/control/tenant/create.ts";
import { createToken } from "../../src/control/token/create.ts";
import { createWebhook } from "../../src/control/webhook/create.ts";
import type { Access } from "../../src/contract/access.ts";
import type { Client } from "../../src/contract/client-application.ts";
import type { License, NewLicense } from "../../src/contract/license.ts";
import type { Partner } from "../../src/contract/partner.ts";
import type { Scope } from "../../src/contract/scopes.ts";
import type { CreatedWebhook } from "../../src/contract/webhook.ts";
import type { Db } from "../../src/db/database.ts";
import { tenantTx } from "../../src/db/tx.ts";
import { systemClock, type Clock } from "../../src/platform/clock.ts";
import { newId } from "../../src/platform/ids.ts";
import type { Keyring } from "../../src/platform/keyring.ts";
import { Secret } from "../../src/platform/secret.ts";

export type TenantFixtureOptions = {
  keyring?: Keyring;
  clock?: Clock;
  demo?: boolean;
  /** Mode of access, token and webhook; default live. */
  mode?: "live" | "test";
  /** Networks of the access; default loopback. */
  cidrs?: string[];
  /** The service's origin for both targets; default one that nothing listens on. */
  serviceUrl?: string;
  /** The service's OpenAPI; default fixtureOpenapi. */
  openapi?: unknown;
  license?: Partial<Omit<NewLicense, "partner_id">>;
  /** Default: an https URL that does not resolve. */
  webhook?: { url?: string; allowedAddress?: string };
  eventTypes?: string[];
};

export type TenantFixture = {
  tenantId: string;
  /** A system context of the tenant, which may do everything. */
  ctx: ActionContext;
  keyring: Keyring;
  serviceId: string;
  serviceCredential: string;
  identityKey: Buffer;
  operationIds: string[];
  partner: Partner;
  license: License;
  client: Client;
  access: Access;
  /** The token's text. */
  token: string;
  tokenId: string;
  webhook: CreatedWebhook;
  /** Text of an API key with every scope and the fixture's event types. */
  apiKey: string;
  apiKeyId: string;
};

/** Keys of a test; nothing is written to disk. */
export function testKeyring(): Keyring {
  const named = new Map<string, Buffer>();
  return {
    pepper: { kid: "pepper1", key: randomBytes(32) },
    data: { kid: "data1", key: randomBytes(32) },
    oldData: new Map(),
    reference: { kid: "reference1", key: randomBytes(32) },
    subject: { kid: "subject1", key: randomBytes(32) },
    namedSecret(name) {
      const secret = named.get(name) ?? randomBytes(32);
      named.set(name, secret);
      return secret;
    },
  };
}

/** A context of the tenant with chosen scopes, for refusals. */
export function contextWith(fixture: Pick<TenantFixture, "ctx">, scopes: Scope[], more: Partial<ActionContext> = {}): ActionContext {
  return { ...fixture.ctx, actor: { kind: "key", id: "key_test" }, scopes, ...more };
}

/**
 * A tenant of its own with one of everything: service with three operations (two licensed), partner, license, client,
 * confidential access with its token, pending webhook, API key. Each suite takes its own, so none sees another's rows.
 */
export async function createTenantFixture(db: Db, options: TenantFixtureOptions = {}): Promise<TenantFixture> {
  const keyring = options.keyring ?? testKeyring();
  const ctx = systemContext({ db, clock: options.clock ?? systemClock, keyring }, newId("ten"), "fixture");
  await createTenant(ctx, { name: "Concessionária de teste", demo: options.demo ?? options.webhook?.allowedAddress !== undefined });
  const service = await createService(ctx, options);
  const partner = await createPartner(ctx, { name: "Banco de teste" });
  const license = await createLicense(ctx, { ...licenseInput(partner, service.operation_ids, options), ...options.license });
  const client = await createClientApplication(ctx, { partner_id: partner.partner_id, name: "Aplicação de teste" });
  const access = await createAccess(ctx, {
    client_id: client.client_id,
    license_id: license.license_id,
    kind: "confidential",
    mode: options.mode ?? "live",
    cidrs: options.cidrs ?? ["127.0.0.1/32", "::1/128"],
  });
  const token = await createToken(ctx, { access_id: access.access_id });
  const webhook = await createFixtureWebhook(ctx, license, options);
  const key = await createApiKey(ctx, { name: "all", scopes: ["operator"], eventTypes: license.events.map((event) => event.event_type) });
  return {
    tenantId: ctx.tenantId,
    ctx,
    keyring,
    serviceId: service.service_id,
    serviceCredential: service.credential,
    identityKey: service.identityKey,
    operationIds: service.operation_ids,
    partner,
    license,
    client,
    access,
    token: token.token,
    tokenId: token.token_id,
    webhook,
    apiKey: key.key.reveal(),
    apiKeyId: key.key_id,
  };
}

async function createService(ctx: ActionContext, options: TenantFixtureOptions) {
  const url = options.serviceUrl ?? "http://127.0.0.1:9";
  const credential = randomBytes(24).toString("base64url");
  const identityKey = randomBytes(32);
  const registered = await registerService(ctx, {
    name: "base",
    liveUrl: url,
    sandboxUrl: url,
    credential: new Secret(credential),
    identityKey,
    openapi: options.openapi ?? fixtureOpenapi,
  });
  return { ...registered, credential, identityKey };
}

function licenseInput(partner: Partner, operationIds: readonly string[], options: TenantFixtureOptions): NewLicense {
  const licensed = operationIds.filter((id) => id !== "listPayments");
  return {
    partner_id: partner.partner_id,
    name: "Licença de teste",
    purpose: "teste",
    legal_basis: "art. 7 V",
    ends_at: new Date(Date.now() + 90 * 24 * 3_600_000).toISOString(),
    rate_per_second: 50,
    burst: 100,
    operations: licensed.map((operation_id) => ({ operation_id, projection: { indirect: "full", identity: "masked", financial: "full" } })),
    events: (options.eventTypes ?? ["client-transaction"]).map((event_type) => ({ event_type, variant: "whole" })),
  };
}

function createFixtureWebhook(ctx: ActionContext, license: License, options: TenantFixtureOptions): Promise<CreatedWebhook> {
  const { url, allowedAddress } = options.webhook ?? {};
  return createWebhook(
    ctx,
    {
      license_id: license.license_id,
      name: "Webhook de teste",
      url: url ?? (allowedAddress === undefined ? "https://hooks.example.com/aqueduto" : `http://${allowedAddress}/webhook`),
      event_types: license.events.map((event) => event.event_type),
      mode: options.mode ?? "live",
    },
    allowedAddress === undefined ? undefined : { allowedAddress },
  );
}

const field = (type: string, lgpd: string) => ({ type, "x-lgpd": lgpd });
const answer = (schema: object) => ({ responses: { 200: { description: "ok", content: { "application/json": { schema } } } } });
const matricula = { name: "matricula", in: "path", required: true, schema: { type: "integer", minimum: 1 }, "x-lgpd": "indirect" };

/** getProperty and getHealth (publishable) are licensed by the fixture, listPayments is not. */
export const fixtureOpenapi = {
  openapi: "3.1.0",
  info: { title: "Base de teste", version: "1" },
  paths: {
    "/v1/properties/{matricula}": {
      get: {
        operationId: "getProperty",
        summary: "A property",
        parameters: [matricula],
        ...answer({
          type: "object",
          required: ["matricula"],
          properties: {
            matricula: field("integer", "indirect"),
            name: field("string", "identity"),
            cpf: field("string", "identity"),
            phone: field("string", "contact"),
            debt: field("number", "financial"),
            status: field("string", "technical"),
          },
        }),
        "x-answers": { parameter: "matricula", field: "/matricula" },
      },
    },
    "/v1/properties/{matricula}/payments": {
      get: {
        operationId: "listPayments",
        summary: "Payments of a property",
        parameters: [matricula],
        ...answer({
          type: "object",
          properties: { items: { type: "array", items: { type: "object", properties: { amount: field("number", "financial") } } } },
        }),
      },
    },
    "/v1/health": {
      get: {
        operationId: "getHealth",
        summary: "Whether the base answers",
        "x-publishable": true,
        ...answer({ type: "object", properties: { status: field("string", "technical") } }),
      },
    },
  },
};

/** Entries of the tenant's admin log about one target, oldest first. */
export async function auditOf(
  db: Db,
  tenantId: string,
  targetId: string,
): Promise<{ action: string; actor_kind: string; detail: unknown }[]> {
  return tenantTx(db, tenantId, (tx) =>
    tx
      .selectFrom("admin_entry")
      .select(["action", "actor_kind", "detail"])
      .where("tenant_id", "=", tenantId)
      .where("target_id", "=", targetId)
      .orderBy("entry_id")
      .execute(),
  );
}

/** How many entries the tenant's admin log has. */
export async function auditCount(db: Db, tenantId: string): Promise<number> {
  const row = await tenantTx(db, tenantId, (tx) =>
    tx
      .selectFrom("admin_entry")
      .select((select) => select.fn.countAll<bigint>().as("count"))
      .where("tenant_id", "=", tenantId)
      .executeTakeFirstOrThrow(),
  );
  return Number(row.count);
}
