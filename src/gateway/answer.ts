import { errorTable } from "../contract/errors.ts";
import { languageOf } from "../contract/language.ts";
import type { ErrorProofs } from "../platform/error-proof.ts";
import type { Call } from "./call.ts";
import type { Outbound } from "./http/transport.ts";
import { problemBody } from "./problem.ts";
import type { Refusal } from "./refusal.ts";

/** The same on every answer: nothing is kept by caches, guessed by browsers, or shown in a frame. */
const everyAnswer = [
  "cache-control",
  "no-store",
  "x-content-type-options",
  "nosniff",
  "content-security-policy",
  "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy",
  "no-referrer",
  "strict-transport-security",
  "max-age=31536000",
];

const exposed = "audit-entry, deprecation, sunset, ratelimit, ratelimit-policy, retry-after, x-request-id";

/** A good answer. `body` undefined = none. */
export function goodAnswer(
  call: Call,
  good: { status: number; body: Buffer | undefined; entryId: string; meter: readonly string[] | undefined },
): Outbound {
  const headers = headersOf(call, good);
  // on good answers alone: a refusal must not tell which operations there are
  headers.push(...(call.seen.operation?.noticeHeaders ?? []));
  if (good.body !== undefined) headers.push("content-type", "application/json", "content-length", String(good.body.length));
  return { status: good.status, headers, body: good.body };
}

/** The uniform refusal (RFC 9457). */
export function refusalAnswer(
  call: Call,
  refusal: Refusal,
  more: { entryId: string; meter: readonly string[] | undefined; proofs?: Pick<ErrorProofs, "of"> | undefined },
): Outbound {
  const language = languageOf(call.headers.acceptLanguage);
  const body = problemBody(refusal, call.requestId, { language, proofs: more.proofs });
  const headers = headersOf(call, more);
  headers.push("content-type", "application/problem+json", "content-length", String(body.length));
  headers.push("content-language", language, "vary", "accept-language");
  if (refusal.code === "unauthorized") headers.push("www-authenticate", "Bearer");
  if (refusal.more.retryAfterSeconds !== undefined) headers.push("retry-after", String(refusal.more.retryAfterSeconds));
  return { status: errorTable[refusal.code].status, headers, body, ...(refusal.more.close === true ? { close: true } : {}) };
}

/** The answer to an allowed CORS preflight (Fetch, 3.2.3). */
export function preflightAnswer(call: Call, allowed: { origin: string; method: string; entryId: string }): Outbound {
  const headers = headersOf(call, { entryId: allowed.entryId, meter: undefined });
  headers.push("access-control-allow-origin", allowed.origin, "vary", "origin", "access-control-allow-methods", allowed.method);
  headers.push("access-control-allow-headers", "authorization, content-type", "access-control-max-age", "600");
  return { status: 204, headers, body: undefined };
}

function headersOf(call: Call, more: { entryId: string; meter: readonly string[] | undefined }): string[] {
  const headers = [...everyAnswer, "x-request-id", call.requestId, "audit-entry", more.entryId];
  const { corsOrigin, variesByOrigin } = call.seen;
  if (more.meter !== undefined) headers.push(...more.meter);
  if (variesByOrigin === true) headers.push("vary", "origin");
  if (corsOrigin !== undefined) headers.push("access-control-allow-origin", corsOrigin, "access-control-expose-headers", exposed);
  return headers;
}
