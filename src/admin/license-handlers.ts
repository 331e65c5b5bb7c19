import { getApprovalMode } from "../control/approval-mode/get.ts";
import { setApprovalMode } from "../control/approval-mode/set.ts";
import { approveLicenseVersion } from "../control/license/approve.ts";
import { changeLicenseVersion } from "../control/license/change-version.ts";
import { createLicense } from "../control/license/create.ts";
import { draftLicenseVersion } from "../control/license/draft-version.ts";
import { getLicenseEffect } from "../control/license/effect.ts";
import { getLicense } from "../control/license/get.ts";
import { getLicenseVersion, getVersionMatriculas } from "../control/license/get-version.ts";
import { endLicense, resumeLicense, suspendLicense } from "../control/license/hold.ts";
import { listLicenses } from "../control/license/list.ts";
import { listLicenseTemplates } from "../control/license/list-templates.ts";
import { listLicenseVersions } from "../control/license/list-versions.ts";
import { publishLicenseVersion } from "../control/license/publish.ts";
import { refuseLicenseVersion } from "../control/license/refuse.ts";
import { rollbackLicense } from "../control/license/rollback.ts";
import { submitLicenseVersion } from "../control/license/submit.ts";
import { withdrawLicenseVersion } from "../control/license/withdraw.ts";
import type { CallKey, Params, Reply, RouteKey } from "../contract/routes.ts";
import type { ActionContext } from "../control/context.ts";
import type { Call } from "./handlers.ts";
import { withPolicyState, withRevocation } from "./policy-state.ts";

type Handlers = { [K in CallKey]?: (ctx: ActionContext, call: Call<K & RouteKey>) => Promise<Reply<K>> };

type VersionParams = Params<"GET /v1/licenses/{license_id}/versions/{version}">;

/** The route's pattern allows whole numbers alone. */
const versionIn = (params: VersionParams) => ({ license_id: params.license_id, version: Number(params.version) });

/** Licenses, their versions and who may approve them: one route, one verb. */
export const licenseHandlers = {
  "POST /v1/licenses": (ctx, { body }) => createLicense(ctx, body),
  "GET /v1/licenses": (ctx, { query }) => listLicenses(ctx, query),
  "GET /v1/licenses/{license_id}": (ctx, { params }) => getLicense(ctx, params),
  "POST /v1/licenses/{license_id}/suspend": (ctx, { options, params, body }) =>
    withRevocation(ctx, options, suspendLicense(ctx, { ...body, ...params })),
  "POST /v1/licenses/{license_id}/resume": (ctx, { options, params, body }) =>
    withPolicyState(options, resumeLicense(ctx, { ...body, ...params })),
  "POST /v1/licenses/{license_id}/end": (ctx, { options, params, body }) =>
    withRevocation(ctx, options, endLicense(ctx, { ...body, ...params })),
  "POST /v1/licenses/{license_id}/versions": (ctx, { params, body }) => draftLicenseVersion(ctx, { ...body, ...params }),
  "GET /v1/licenses/{license_id}/versions": (ctx, { params, query }) => listLicenseVersions(ctx, { ...query, ...params }),
  "GET /v1/licenses/{license_id}/versions/{version}": (ctx, { params }) => getLicenseVersion(ctx, versionIn(params)),
  "PATCH /v1/licenses/{license_id}/versions/{version}": (ctx, { params, body }) =>
    changeLicenseVersion(ctx, { ...body, ...versionIn(params) }),
  "GET /v1/licenses/{license_id}/versions/{version}/matriculas": (ctx, { params }) => getVersionMatriculas(ctx, versionIn(params)),
  "GET /v1/licenses/{license_id}/versions/{version}/effect": (ctx, { params }) => getLicenseEffect(ctx, versionIn(params)),
  "POST /v1/licenses/{license_id}/versions/{version}/submit": (ctx, { params }) => submitLicenseVersion(ctx, versionIn(params)),
  "POST /v1/licenses/{license_id}/versions/{version}/approve": (ctx, { params, body }) =>
    approveLicenseVersion(ctx, { ...body, ...versionIn(params) }),
  "POST /v1/licenses/{license_id}/versions/{version}/refuse": (ctx, { params, body }) =>
    refuseLicenseVersion(ctx, { ...body, ...versionIn(params) }),
  "POST /v1/licenses/{license_id}/versions/{version}/publish": (ctx, { options, params, body }) =>
    withPolicyState(options, publishLicenseVersion(ctx, { ...body, ...versionIn(params) })),
  "POST /v1/licenses/{license_id}/versions/{version}/withdraw": (ctx, { params, body }) =>
    withdrawLicenseVersion(ctx, { ...body, ...versionIn(params) }),
  "POST /v1/licenses/{license_id}/versions/{version}/rollback": (ctx, { params, body }) =>
    rollbackLicense(ctx, { ...body, ...versionIn(params) }),
  "GET /v1/license-templates": (ctx, { query }) => listLicenseTemplates(ctx, query),
  "GET /v1/approval-mode": (ctx) => getApprovalMode(ctx),
  "PUT /v1/approval-mode": (ctx, { body }) => setApprovalMode(ctx, body),
} as const satisfies Handlers;
