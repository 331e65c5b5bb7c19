import type { CallKey, Reply, RouteKey } from "../contract/routes.ts";
import type { ActionContext } from "../control/context.ts";
import { changeOperation } from "../control/operation/change.ts";
import { getOperation } from "../control/operation/get.ts";
import { listOperations } from "../control/operation/list.ts";
import { changeService } from "../control/service/change.ts";
import { createService } from "../control/service/create.ts";
import { diffServiceOpenapi, lintDocument } from "../control/service/diff-openapi.ts";
import { getOpenapi, getService } from "../control/service/get.ts";
import { listServices } from "../control/service/list.ts";
import { listServiceVersions } from "../control/service/list-versions.ts";
import { replaceOpenapi } from "../control/service/replace-openapi.ts";
import { rotateCredential, rotateIdentityKey } from "../control/service/rotate-secrets.ts";
import type { Call } from "./handlers.ts";

type Handlers = { [K in CallKey]?: (ctx: ActionContext, call: Call<K & RouteKey>) => Promise<Reply<K>> };

/** Services and their operations: one route, one verb. */
export const serviceHandlers = {
  "GET /v1/services": (ctx, { query }) => listServices(ctx, query),
  "POST /v1/services": (ctx, { body }) => createService(ctx, body),
  "GET /v1/services/{service_id}": (ctx, { params }) => getService(ctx, params),
  "PATCH /v1/services/{service_id}": (ctx, { params, body }) => changeService(ctx, { ...body, ...params }),
  "POST /v1/services/{service_id}/credential": (ctx, { params, body }) => rotateCredential(ctx, { ...body, ...params }),
  "POST /v1/services/{service_id}/identity-key": (ctx, { params, body }) => rotateIdentityKey(ctx, { ...body, ...params }),
  "GET /v1/services/{service_id}/openapi": (ctx, { params, query }) => getOpenapi(ctx, { ...query, ...params }),
  "PUT /v1/services/{service_id}/openapi": (ctx, { params, body }) => replaceOpenapi(ctx, { ...body, ...params }),
  "POST /v1/services/{service_id}/openapi/diff": (ctx, { params, body }) => diffServiceOpenapi(ctx, { ...body, ...params }),
  "POST /v1/openapi/lint": (ctx, { body }) => lintDocument(ctx, body),
  "GET /v1/services/{service_id}/versions": (ctx, { params, query }) => listServiceVersions(ctx, { ...query, ...params }),
  "GET /v1/services/{service_id}/operations/{operation_id}": (ctx, { params }) => getOperation(ctx, params),
  "PATCH /v1/services/{service_id}/operations/{operation_id}": (ctx, { params, body }) => changeOperation(ctx, { ...body, ...params }),
  "GET /v1/operations": (ctx, { query }) => listOperations(ctx, query),
} satisfies Handlers;
