import Type, { type Static } from "typebox";
import { Id, Instant, nullable, page, pageQuery, strict, text } from "./fields.ts";
import { lgpdClasses } from "./lgpd.ts";
import type { Route } from "./route.ts";

const Url = text(300);
const Reason = text(500);

/** Error codes that a status of an upstream may become. */
export const mappableCodes = ["not-found", "conflict", "invalid-field", "upstream-failed", "upstream-timeout", "base-away"] as const;

/** Upstream status (300 to 599) -> error code of ours. A status not named here: 404 and 410 not found, 409, 422 and 504 as themselves, else 502. */
export const StatusMap = Type.Record(Type.String({ pattern: "^[345][0-9]{2}$" }), Type.Enum([...mappableCodes]), { maxProperties: 100 });

export const Service = Type.Object({
  service_id: Id,
  name: Type.String(),
  live_url: nullable(Type.String()),
  sandbox_url: nullable(Type.String()),
  state: Type.Enum(["active", "disabled"]),
  created_at: Instant,
});
export type Service = Static<typeof Service>;

const Targets = strict({ live: Type.Array(Url, { maxItems: 20 }), sandbox: Type.Array(Url, { maxItems: 20 }) });
export type Targets = Static<typeof Targets>;

/** Path answered 2xx by a target that serves; null = not probed. */
const HealthCheck = strict({
  path: nullable(Type.String({ pattern: "^/[\\x21-\\x7e]{0,499}$" })),
  every_seconds: Type.Integer({ minimum: 10, maximum: 86400 }),
});

const TargetHealth = Type.Object({
  mode: Type.Enum(["live", "test"]),
  url: Type.String(),
  state: Type.Enum(["unknown", "up", "down"]),
  since: nullable(Instant),
  /** HTTP status or kind of failure of the last probe. */
  code: nullable(Type.String()),
  checked_at: nullable(Instant),
});
export type TargetHealth = Static<typeof TargetHealth>;

export const ServiceDetail = Type.Object({
  ...Service.properties,
  /** Of the registered document. */
  version: Type.Integer(),
  /** The first of each mode is used. */
  targets: Targets,
  health_check: HealthCheck,
  status_map: StatusMap,
  operations: Type.Integer(),
  health: Type.Array(TargetHealth),
});
export type ServiceDetail = Static<typeof ServiceDetail>;

export const OpenapiFinding = Type.Object({
  severity: Type.Enum(["error", "warning"]),
  rule: Type.String(),
  /** JSON pointer into the document. */
  pointer: Type.String(),
  detail: Type.String(),
});

export const OpenapiDiff = Type.Object({
  added: Type.Array(Type.String()),
  removed: Type.Array(Type.String()),
  changed: Type.Array(
    Type.Object({
      operation_id: Type.String(),
      changes: Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String(), breaking: Type.Boolean() })),
    }),
  ),
  breaking: Type.Boolean(),
});

/** A removed operation that licenses hold: the document cannot be registered before they let go. */
const HeldOperation = Type.Object({ operation_id: Type.String(), license_ids: Type.Array(Id) });

/** What a document would show to a license that is published already; `pointer` is of the field in the answer, or the mark. */
const OpenedCell = Type.Object({ license_id: Id, operation_id: Type.String(), pointer: Type.String(), detail: Type.String() });
export type OpenedCell = Static<typeof OpenedCell>;

export const NewService = strict({
  name: text(100),
  openapi: Type.Unknown({ description: "OpenAPI 3.0 or 3.1 document" }),
  targets: Targets,
  /** Sent to the service as `Authorization: Bearer`; sealed, never shown again. */
  credential: Type.String({ minLength: 8, maxLength: 1000, pattern: "^[\\x21-\\x7e]+$" }),
  health_check: Type.Optional(HealthCheck),
  status_map: Type.Optional(StatusMap),
});
export type NewService = Static<typeof NewService>;

export const CreatedService = Type.Object({
  ...ServiceDetail.properties,
  /** Base64url of 32 bytes: verifies the header aqueduto-identity. Shown this once; absent in a repeated reply. */
  identity_key: Type.String(),
  findings: Type.Array(OpenapiFinding),
});

export const ServiceChange = strict({
  name: Type.Optional(text(100)),
  targets: Type.Optional(Targets),
  health_check: Type.Optional(HealthCheck),
  status_map: Type.Optional(StatusMap),
});
export type ServiceChange = Static<typeof ServiceChange>;

export const Operation = Type.Object({
  operation_id: Type.String(),
  service_id: Id,
  method: Type.String(),
  path: Type.String(),
  summary: Type.String(),
  publishable: Type.Boolean(),
  /** described = known and classified, not served yet: no license may hold it. */
  state: Type.Enum(["served", "described"]),
  tags: Type.Array(Type.String()),
  timeout_ms: Type.Integer(),
  deprecated_at: nullable(Instant),
  sunset_at: nullable(Instant),
  /** x-lgpd classes that stand in its answer. */
  classes: Type.Array(Type.String()),
});
export type Operation = Static<typeof Operation>;

const Field = Type.Object({ pointer: Type.String(), class: Type.Enum([...lgpdClasses]), subject: Type.Boolean() });

export const OperationDetail = Type.Object({
  ...Operation.properties,
  max_body_bytes: Type.Integer(),
  parameters: Type.Unknown(),
  request_schema: Type.Unknown(),
  response_schema: Type.Unknown(),
  upstream: Type.Unknown(),
  /** Fields of the answer. */
  fields: Type.Array(Field),
  /** Licenses that hold it. */
  license_ids: Type.Array(Id),
});
export type OperationDetail = Static<typeof OperationDetail>;

export const OperationChangeInput = strict({
  /** null = the document's own. */
  timeout_ms: Type.Optional(nullable(Type.Integer({ minimum: 1, maximum: 60000 }))),
  deprecated_at: Type.Optional(nullable(Instant)),
  sunset_at: Type.Optional(nullable(Instant)),
});
export type OperationChangeInput = Static<typeof OperationChangeInput>;

export const ServiceVersion = Type.Object({
  version: Type.Integer(),
  created_at: Instant,
  actor_kind: Type.String(),
  actor_id: Type.String(),
  reason: nullable(Type.String()),
  /** null for the first. */
  diff: nullable(OpenapiDiff),
});
export type ServiceVersion = Static<typeof ServiceVersion>;

const serviceParams = strict({ service_id: Id });
const operationParams = strict({ service_id: Id, operation_id: text(100) });
const serviceTag = ["name", "version", "targets", "health_check", "status_map", "state"] as const;

export const serviceRoutes = {
  "GET /v1/services": {
    summary: "List registered services, newest first",
    permission: "services:read",
    query: strict(pageQuery),
    reply: page(Service),
    status: 200,
    errors: [],
  },
  "POST /v1/services": {
    summary: "Register a service by its OpenAPI document",
    permission: "services:write",
    body: NewService,
    reply: CreatedService,
    status: 201,
    errors: ["conflict"],
    creates: { shownOnce: ["identity_key"] },
  },
  "GET /v1/services/{service_id}": {
    summary: "Show a service, its targets and their health; never its credential",
    permission: "services:read",
    params: serviceParams,
    reply: ServiceDetail,
    status: 200,
    errors: [],
    etag: serviceTag,
  },
  "PATCH /v1/services/{service_id}": {
    summary: "Change name, targets, health check or status mapping",
    permission: "services:write",
    params: serviceParams,
    body: ServiceChange,
    reply: ServiceDetail,
    status: 200,
    errors: ["conflict"],
    ifMatch: "GET /v1/services/{service_id}",
  },
  "POST /v1/services/{service_id}/credential": {
    summary: "Replace the credential that the service is called with",
    permission: "services:write",
    params: serviceParams,
    body: strict({ credential: NewService.properties.credential, reason: Reason }),
    reply: ServiceDetail,
    status: 200,
    errors: [],
  },
  "POST /v1/services/{service_id}/identity-key": {
    summary: "Replace the key of the identity header; the new one is shown once",
    permission: "services:write",
    params: serviceParams,
    body: strict({ reason: Reason }),
    reply: Type.Object({ service_id: Id, identity_key: Type.String() }),
    status: 201,
    errors: [],
    creates: { shownOnce: ["identity_key"] },
  },
  "GET /v1/services/{service_id}/openapi": {
    summary: "Show the registered document, or an earlier version of it",
    permission: "services:read",
    params: serviceParams,
    query: strict({ version: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })) }),
    reply: Type.Object({ version: Type.Integer(), openapi: Type.Unknown() }),
    status: 200,
    errors: [],
  },
  "PUT /v1/services/{service_id}/openapi": {
    summary: "Register the next version of the service's document",
    permission: "services:write",
    params: serviceParams,
    body: strict({
      openapi: NewService.properties.openapi,
      /** Needed when the diff is breaking. */
      accept_breaking: Type.Optional(Type.Boolean()),
      reason: Type.Optional(Reason),
    }),
    reply: Type.Object({ service: ServiceDetail, diff: OpenapiDiff, findings: Type.Array(OpenapiFinding) }),
    status: 200,
    errors: ["conflict"],
    ifMatch: "GET /v1/services/{service_id}",
  },
  "POST /v1/services/{service_id}/openapi/diff": {
    summary: "Show what a document would change; registers nothing",
    permission: "services:read",
    params: serviceParams,
    body: strict({ openapi: NewService.properties.openapi }),
    reply: Type.Object({
      findings: Type.Array(OpenapiFinding),
      diff: nullable(OpenapiDiff),
      held: Type.Array(HeldOperation),
      /** Not empty = the document is refused until no published license holds these. */
      opened: Type.Array(OpenedCell),
    }),
    status: 200,
    errors: [],
  },
  "POST /v1/openapi/lint": {
    summary: "Show what a document needs before it can be registered; registers nothing",
    permission: "services:read",
    body: strict({ openapi: NewService.properties.openapi }),
    reply: Type.Object({ findings: Type.Array(OpenapiFinding), operations: Type.Array(Type.String()) }),
    status: 200,
    errors: [],
  },
  "GET /v1/services/{service_id}/versions": {
    summary: "List the registered documents of a service and what each changed, newest first",
    permission: "services:read",
    params: serviceParams,
    query: strict(pageQuery),
    reply: page(ServiceVersion),
    status: 200,
    errors: [],
  },
  "GET /v1/operations": {
    summary: "List known operations by id",
    permission: "operations:read",
    query: strict({ ...pageQuery, service_id: Type.Optional(Id), tag: Type.Optional(text(100)) }),
    reply: page(Operation),
    status: 200,
    errors: [],
  },
  "GET /v1/services/{service_id}/operations/{operation_id}": {
    summary: "Show an operation with its fields, their classes and the licenses that hold it",
    permission: "services:read",
    params: operationParams,
    reply: OperationDetail,
    status: 200,
    errors: [],
    etag: ["timeout_ms", "deprecated_at", "sunset_at"],
  },
  "PATCH /v1/services/{service_id}/operations/{operation_id}": {
    summary: "Change an operation's deadline, or the dates on which it is given up",
    permission: "services:write",
    params: operationParams,
    body: OperationChangeInput,
    reply: OperationDetail,
    status: 200,
    errors: [],
    ifMatch: "GET /v1/services/{service_id}/operations/{operation_id}",
  },
} as const satisfies Record<string, Route>;
