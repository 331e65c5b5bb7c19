import { createHash } from "node:crypto";
import { canonicalJson, type Json } from "../audit/canonical-json.ts";
import { AppError } from "../contract/errors.ts";
import type { Route } from "../contract/route.ts";
import { adminApi, type RouteKey } from "../contract/routes.ts";
import type { ActionContext } from "./context.ts";

/**
 * The strong ETag (RFC 9110, 8.8.3) of what a route shows: a hash of its reply, or of the members that the route's
 * `etag` names. Equal replies have equal tags on every node.
 */
export function etagOf(key: RouteKey, reply: object): string {
  const route: Route = adminApi[key];
  const members = Array.isArray(route.etag) ? route.etag : Object.keys(reply);
  const shown = Object.fromEntries(members.map((name) => [name, Reflect.get(reply, name)]));
  return `"${createHash("sha256")
    .update(canonicalJson(asSent(shown)))
    .digest("base64url")
    .slice(0, 27)}"`;
}

/** The value as its JSON text says it: what is undefined is not there. */
function asSent(value: object): Json {
  const sent: Json = JSON.parse(JSON.stringify(value));
  return sent;
}

/**
 * Refuses (`precondition-failed`) when the call's If-Match names another state than the one that `key` (a GET) would
 * show now. To be called inside the transaction of the change, with `reply` read after the row was locked.
 */
export function requireMatch(ctx: Pick<ActionContext, "ifMatch">, key: RouteKey, reply: object): void {
  if (ctx.ifMatch === undefined) return;
  const wanted = new Set(ctx.ifMatch.split(",").map((tag) => tag.trim()));
  if (!wanted.has("*") && !wanted.has(etagOf(key, reply)))
    throw new AppError("precondition-failed", "read it again, look at what changed, and repeat with the new ETag");
}
