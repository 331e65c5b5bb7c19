import Type, { type Static } from "typebox";
import { Id, Instant, page, pageQuery, strict, text } from "./fields.ts";
import type { Route } from "./route.ts";

/** How much of one x-lgpd class an operation shows; the order of strength is none < masked < full. */
export const Show = Type.Enum(["none", "masked", "full"]);
export type Show = Static<typeof Show>;

/** x-lgpd class -> how much of it is shown. A class that is not named is not shown. */
export const Projection = Type.Record(text(40), Show);

const LicenseOperation = strict({ operation_id: text(200), projection: Projection });
const LicenseEvent = strict({ event_type: text(100), variant: Type.Enum(["whole", "thin"]) });

export const License = Type.Object({
  license_id: Id,
  partner_id: Id,
  name: Type.String(),
  version: Type.Integer(),
  state: Type.Enum(["draft", "submitted", "approved", "active", "suspended", "ended"]),
  purpose: Type.String(),
  legal_basis: Type.String(),
  starts_at: Instant,
  ends_at: Instant,
  rate_per_second: Type.Number(),
  burst: Type.Integer(),
  operations: Type.Array(LicenseOperation),
  events: Type.Array(LicenseEvent),
  created_at: Instant,
});
export type License = Static<typeof License>;

export const NewLicense = strict({
  partner_id: Id,
  name: text(200),
  purpose: text(1000),
  /** LGPD article and item, e.g. `art. 7 V`. */
  legal_basis: text(200),
  /** Default: now. */
  starts_at: Type.Optional(Instant),
  ends_at: Instant,
  /** Sustained calls a second per access, to three decimals. */
  rate_per_second: Type.Number({ minimum: 0.001, maximum: 100000 }),
  /** Calls that may come at once. */
  burst: Type.Integer({ minimum: 1, maximum: 1000000 }),
  operations: Type.Array(LicenseOperation, { maxItems: 500 }),
  events: Type.Optional(Type.Array(LicenseEvent, { maxItems: 100 })),
});
export type NewLicense = Static<typeof NewLicense>;

export const licenseRoutes = {
  "POST /v1/licenses": {
    summary: "Create an active license of a partner",
    permission: "licenses:write",
    body: NewLicense,
    reply: License,
    status: 201,
    errors: ["conflict"],
  },
  "GET /v1/licenses": {
    summary: "List licenses, newest first",
    permission: "licenses:read",
    query: strict({ ...pageQuery, partner_id: Type.Optional(Id) }),
    reply: page(License),
    status: 200,
    errors: [],
  },
  "GET /v1/licenses/{license_id}": {
    summary: "Show a license with its operations and events",
    permission: "licenses:read",
    params: strict({ license_id: Id }),
    reply: License,
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
