import Type, { type Static } from "typebox";
import { ApprovalMode } from "./approval-mode.ts";
import { Id, Instant, nullable, page, sortedPageQuery, strict, text } from "./fields.ts";
import { contentInput, LicenseContent, LicensePeople } from "./license-content.ts";
import { LicenseVersionState } from "./license-version-state.ts";
import { PolicyInForce, Reason, Revoking } from "./policy-in-force.ts";
import type { Route } from "./route.ts";

export const LicenseState = Type.Enum(["draft", "submitted", "approved", "active", "suspended", "ended"]);

/** A license as it is in force: operations and events are empty, and the rest is the draft's, until a version is published. */
export const License = Type.Object({
  license_id: Id,
  partner_id: Id,
  /** The published version; 0 = none yet. */
  version: Type.Integer(),
  state: LicenseState,
  /** Why it was suspended, resumed or ended, when, and who did it (`kind:id`). */
  state_reason: nullable(Type.String()),
  state_at: nullable(Instant),
  state_by: nullable(Type.String()),
  ...LicenseContent.properties,
  ...LicensePeople,
  /** The version on its way to be published. */
  open_version: nullable(Type.Object({ version: Type.Integer(), state: LicenseVersionState })),
  approval_mode: ApprovalMode,
  created_at: Instant,
});
export type License = Static<typeof License>;

const { purpose, legal_basis, rate_per_second, burst, operations, ...given } = contentInput;

export const NewLicense = strict({
  partner_id: Id,
  /** Fills purpose, legal basis, limits, operations and events where they are left out. */
  template: Type.Optional(text(60)),
  ...given,
  purpose: Type.Optional(purpose),
  legal_basis: Type.Optional(legal_basis),
  rate_per_second: Type.Optional(rate_per_second),
  burst: Type.Optional(burst),
  operations: Type.Optional(operations),
  /** `submitted` drafts and submits in one. Default: draft; for the operator's key of a demo tenant active at once. */
  state: Type.Optional(Type.Enum(["draft", "submitted"])),
});
export type NewLicense = Static<typeof NewLicense>;

/** The license after a change of its state, and how far that has got. */
const HeldLicense = Type.Object({ license: License, ...Revoking.properties });
const ResumedLicense = Type.Object({ license: License, ...PolicyInForce.properties });

const params = strict({ license_id: Id });

export const licenseRoutes = {
  "POST /v1/licenses": {
    summary: "Draft a license of a partner, or submit it; publishing takes people",
    permission: "licenses:write",
    body: NewLicense,
    reply: License,
    status: 201,
    errors: ["conflict"],
    creates: true,
  },
  "GET /v1/licenses": {
    summary: "List licenses, newest first by default",
    permission: "licenses:read",
    query: strict({ ...sortedPageQuery, partner_id: Type.Optional(Id), state: Type.Optional(LicenseState) }),
    reply: page(License),
    status: 200,
    errors: [],
  },
  "GET /v1/licenses/{license_id}": {
    summary: "Show a license with its operations and events",
    permission: "licenses:read",
    params,
    reply: License,
    status: 200,
    errors: [],
    etag: true,
  },
  "POST /v1/licenses/{license_id}/suspend": {
    summary: "Suspend a license until it is resumed; 202 while some node has not confirmed it",
    permission: "licenses:write",
    params,
    body: Reason,
    reply: HeldLicense,
    status: 200,
    errors: ["conflict"],
  },
  "POST /v1/licenses/{license_id}/resume": {
    summary: "Resume a suspended license; people only, another than who suspended it where it shows personal data",
    permission: "licenses:approve",
    params,
    body: Reason,
    reply: ResumedLicense,
    status: 200,
    errors: ["conflict"],
  },
  "POST /v1/licenses/{license_id}/end": {
    summary: "End a license and the tokens of its accesses for good; 202 while some node has not confirmed it",
    permission: "licenses:write",
    params,
    body: Reason,
    reply: HeldLicense,
    status: 200,
    errors: ["conflict"],
  },
} as const satisfies Record<string, Route>;
