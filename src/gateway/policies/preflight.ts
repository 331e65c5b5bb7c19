import type { Call } from "../call.ts";
import { sourceOf } from "../http/connection-gate.ts";
import type { BucketStore } from "../limits/bucket-store.ts";
import type { AccessPolicy, Snapshot } from "../policy/snapshot.ts";
import { Refusal } from "../refusal.ts";
import { switchedOffBy } from "./check-switches.ts";
import { validityFault } from "./check-validity.ts";

/** Preflights of one address: twenty at once, then ten a second. */
const perAddress = { rateMilli: 10_000, burst: 20 };
/** The only headers a page may send; a preflight that asks for another gets no leave. */
const allowedHeaders = new Set(["authorization", "content-type", "accept", "accept-language", "content-language"]);

/** A CORS preflight is the one request that carries no token by design. */
export function isPreflight(call: Call): boolean {
  return call.method === "OPTIONS" && call.headers.origin !== undefined && call.headers.requestedMethod !== undefined;
}

/**
 * Step 4, the exception: leave for a page when a live publishable access registered its origin for this operation, else
 * the uniform 404. Never forwarded.
 */
export function allowPreflight(call: Call, snapshot: Snapshot, buckets: BucketStore): { origin: string; method: string } {
  const { origin, requestedMethod: method } = call.headers;
  if (!buckets.take(sourceOf(call.address), perAddress, Math.floor(call.startedMs * 1000)).allowed) {
    throw new Refusal("too-many-requests", { clause: "preflight-limit", detail: "Too many preflights.", retryAfterSeconds: 1 });
  }
  const known = origin !== undefined && method !== undefined && asksForKnownHeaders(call.headers.requestedHeaders);
  const accesses = known ? (snapshot.origins.get(origin) ?? []) : [];
  if (!known || !accesses.some((access) => opens(access, { path: call.path, method, nowMs: call.at.getTime() }, snapshot))) {
    throw new Refusal("not-found", { clause: "preflight" });
  }
  return { origin, method };
}

function asksForKnownHeaders(list: string | undefined): boolean {
  return (list ?? "").split(",").every((name) => name.trim() === "" || allowedHeaders.has(name.trim().toLowerCase()));
}

function opens(access: AccessPolicy, asked: { path: string; method: string; nowMs: number }, snapshot: Snapshot): boolean {
  const usable = Object.values(access.states).every((state) => state === "active") && asked.nowMs < access.expiresAtMs;
  if (!usable || validityFault(access.license, asked.nowMs) !== undefined) return false;
  const found = snapshot.routes.get(access.license.tenantId)?.find(asked.method, asked.path);
  if (found === undefined || !found.route.publishable || !access.license.grants.has(found.route.operationId)) return false;
  return switchedOffBy(access.license.tenantId, found.route.service.serviceId, snapshot) === undefined;
}
