import type { CallKey, Reply, RouteKey } from "../contract/routes.ts";
import type { ActionContext } from "../control/context.ts";
import { assessIncident } from "../control/incident/assess.ts";
import { closeIncident, noteIncident } from "../control/incident/close.ts";
import { completeIncident } from "../control/incident/complete.ts";
import { getIncident, listIncidents } from "../control/incident/list.ts";
import { notifyIncident } from "../control/incident/notify.ts";
import { openIncident } from "../control/incident/open.ts";
import { createSubjectReport } from "../control/subject-report/create.ts";
import type { Call } from "./handlers.ts";

type Handlers = { [K in CallKey]?: (ctx: ActionContext, call: Call<K & RouteKey>) => Promise<Reply<K>> };

/** LGPD: one route, one verb. The exports are streams, see register-routes.ts. */
export const privacyHandlers = {
  "POST /v1/subject-reports": (ctx, { body }) => createSubjectReport(ctx, body),
  "GET /v1/incidents": (ctx, { query }) => listIncidents(ctx, query),
  "POST /v1/incidents": (ctx, { body }) => openIncident(ctx, body),
  "GET /v1/incidents/{incident_id}": (ctx, { params }) => getIncident(ctx, params),
  "POST /v1/incidents/{incident_id}/assess": (ctx, { params, body }) => assessIncident(ctx, { ...body, ...params }),
  "POST /v1/incidents/{incident_id}/notify": (ctx, { params, body }) => notifyIncident(ctx, { ...body, ...params }),
  "POST /v1/incidents/{incident_id}/complete": (ctx, { params, body }) => completeIncident(ctx, { ...body, ...params }),
  "POST /v1/incidents/{incident_id}/close": (ctx, { params, body }) => closeIncident(ctx, { ...body, ...params }),
  "POST /v1/incidents/{incident_id}/notes": (ctx, { params, body }) => noteIncident(ctx, { ...body, ...params }),
} satisfies Handlers;
