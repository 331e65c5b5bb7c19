import type { FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../contract/errors.ts";
import type { Route } from "../contract/route.ts";
import type { RouteKey } from "../contract/routes.ts";
import type { ActionContext } from "../control/context.ts";
import { runOnce, type Outcome } from "../control/idempotency/run-once.ts";

const keyPattern = /^[\x21-\x7e]{1,128}$/;

type Work = (ctx: ActionContext) => Promise<{ status: number; body: unknown }>;

/**
 * Runs the verb of a route; of one that makes something, once for the Idempotency-Key of the request. Without that
 * header, and on other routes, it runs every time.
 */
export async function replyOnce(key: RouteKey, route: Route, request: FastifyRequest, work: Work): Promise<Outcome> {
  const ctx = contextOf(route, request);
  const idempotencyKey = request.headers["idempotency-key"];
  if (route.creates === undefined || idempotencyKey === undefined) return { ...(await work(ctx)), replayed: false };
  if (typeof idempotencyKey !== "string" || !keyPattern.test(idempotencyKey))
    throw new AppError("invalid-field", "1 to 128 visible ASCII characters are expected", { pointer: "/headers/idempotency-key" });
  const input = [request.params, request.query, request.body];
  const shownOnce = route.creates === true ? [] : route.creates.shownOnce;
  return runOnce(ctx, { route: key, key: idempotencyKey, input, shownOnce }, work);
}

/** The request's context with its If-Match. `precondition-required` where the route needs one and there is none. */
function contextOf(route: Route, request: FastifyRequest): ActionContext {
  if (request.action === undefined) throw new AppError("unauthorized");
  if (route.ifMatch === undefined) return request.action;
  const ifMatch = request.headers["if-match"];
  if (ifMatch === undefined || ifMatch.trim() === "")
    throw new AppError("precondition-required", `send If-Match with the ETag of ${route.ifMatch}`, { pointer: "/headers/if-match" });
  return { ...request.action, ifMatch };
}

/** Marks a reply that an earlier request made. */
export function markReplayed(reply: FastifyReply, outcome: Outcome): void {
  if (outcome.replayed) reply.header("idempotent-replayed", "true");
}
