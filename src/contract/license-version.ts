import Type, { type Static } from "typebox";
import { ApprovalMode } from "./approval-mode.ts";
import { Id, Instant, nullable, page, pageQuery, strict, text } from "./fields.ts";
import { LicenseChange, LicenseContent, LicensePeople } from "./license-content.ts";
import { LicenseEffect } from "./license-effect.ts";
import { LicenseVersionState } from "./license-version-state.ts";
import { PolicyInForce, Reason } from "./policy-in-force.ts";
import type { Route } from "./route.ts";

const By = nullable(Type.String());

/** One version of a license. Who did what is `kind:id` of the actor. */
export const LicenseVersion = Type.Object({
  license_id: Id,
  version: Type.Integer(),
  state: LicenseVersionState,
  content: LicenseContent,
  ...LicensePeople,
  /** Who wrote, changed or submitted it, with the people behind API keys; where it opens personal data none of them approves it. */
  authors: Type.Array(Type.String()),
  drafted_by: Type.String(),
  drafted_at: Instant,
  /** The version whose content a rollback took up again. */
  restores: nullable(Type.Integer()),
  submitted_by: By,
  submitted_at: nullable(Instant),
  approved_by: By,
  approved_at: nullable(Instant),
  /** Approved by one of its authors, in single-approver mode. */
  single_approver: Type.Boolean(),
  published_by: By,
  published_at: nullable(Instant),
  /** The last refusal or withdrawal. */
  reason: nullable(Type.String()),
  reason_by: By,
  reason_at: nullable(Instant),
  approval_mode: ApprovalMode,
});
export type LicenseVersion = Static<typeof LicenseVersion>;

const license = strict({ license_id: Id });
const params = strict({ license_id: Id, version: Type.String({ pattern: "^[1-9][0-9]{0,8}$" }) });

/** The `effect` that the effect route showed: what is approved or published is what was seen. */
const Seen = strict({ effect: text(64) });

const PublishedVersion = Type.Object({ version: LicenseVersion, ...PolicyInForce.properties });

export const licenseVersionRoutes = {
  "POST /v1/licenses/{license_id}/versions": {
    summary: "Draft the next version of a license: the published content with these changes",
    permission: "licenses:write",
    params: license,
    body: LicenseChange,
    reply: LicenseVersion,
    status: 201,
    errors: ["conflict"],
    creates: true,
  },
  "GET /v1/licenses/{license_id}/versions": {
    summary: "List the versions of a license, newest first",
    permission: "licenses:read",
    params: license,
    query: strict({ ...pageQuery }),
    reply: page(LicenseVersion),
    status: 200,
    errors: [],
  },
  "GET /v1/licenses/{license_id}/versions/{version}": {
    summary: "Show a version of a license",
    permission: "licenses:read",
    params,
    reply: LicenseVersion,
    status: 200,
    errors: [],
    etag: true,
  },
  "PATCH /v1/licenses/{license_id}/versions/{version}": {
    summary: "Change a draft, or one that was refused",
    permission: "licenses:write",
    params,
    body: LicenseChange,
    reply: LicenseVersion,
    status: 200,
    errors: ["conflict"],
    ifMatch: "GET /v1/licenses/{license_id}/versions/{version}",
  },
  "GET /v1/licenses/{license_id}/versions/{version}/matriculas": {
    summary: "Show the list of matrículas of a version's object scope",
    permission: "licenses:read",
    params,
    reply: Type.Object({ matriculas: Type.Array(Type.Integer()) }),
    status: 200,
    errors: [],
  },
  "GET /v1/licenses/{license_id}/versions/{version}/effect": {
    summary: "Show what publishing a version would open and close, and what last week's calls would have got",
    permission: "licenses:read",
    params,
    reply: LicenseEffect,
    status: 200,
    errors: [],
  },
  "POST /v1/licenses/{license_id}/versions/{version}/submit": {
    summary: "Submit a draft for approval; it no longer changes",
    permission: "licenses:write",
    params,
    body: strict({}),
    reply: LicenseVersion,
    status: 200,
    errors: ["conflict"],
  },
  "POST /v1/licenses/{license_id}/versions/{version}/approve": {
    summary:
      "Approve a submitted version by the effect that was seen; people only, with a fresh second factor, where it opens personal data none of its authors",
    permission: "licenses:approve",
    params,
    body: Seen,
    reply: LicenseVersion,
    status: 200,
    errors: ["conflict", "second-factor-required"],
  },
  "POST /v1/licenses/{license_id}/versions/{version}/refuse": {
    summary: "Refuse a submitted or approved version: a draft again, with the reason",
    permission: "licenses:approve",
    params,
    body: Reason,
    reply: LicenseVersion,
    status: 200,
    errors: ["conflict"],
  },
  "POST /v1/licenses/{license_id}/versions/{version}/publish": {
    summary: "Publish an approved version, or a submitted one that only closes; people only, by the effect that was seen",
    permission: "licenses:write",
    params,
    body: Seen,
    reply: PublishedVersion,
    status: 200,
    errors: ["conflict"],
  },
  "POST /v1/licenses/{license_id}/versions/{version}/withdraw": {
    summary: "Give up a version that is not published",
    permission: "licenses:write",
    params,
    body: Reason,
    reply: LicenseVersion,
    status: 200,
    errors: ["conflict"],
  },
  "POST /v1/licenses/{license_id}/versions/{version}/rollback": {
    summary: "Draft a new version with the content of one that was published before",
    permission: "licenses:write",
    params,
    body: Reason,
    reply: LicenseVersion,
    status: 201,
    errors: ["conflict"],
    creates: true,
  },
} as const satisfies Record<string, Route>;
