import type { FastifyRequest } from "fastify";
import { AppError } from "../contract/errors.ts";
import { authenticateApiKey } from "../control/api-key/authenticate.ts";
import type { ActionContext } from "../control/context.ts";
import { authenticateSession } from "../control/session/authenticate.ts";
import { isCsrfOf } from "../control/session/token.ts";
import { readCookie } from "./cookies.ts";
import type { AdminOptions } from "./options.ts";
import { siteOf } from "./site.ts";

/** The header in which a page proves that it may read what the API answers. */
export const csrfHeader = "aqueduto-csrf";

/**
 * The context of the API key in the Authorization header, else of the session in the cookie. `unauthorized`, always in
 * the same words, for anything else; `forbidden` for a change with a cookie that is not from our own page.
 */
export async function signIn(options: AdminOptions, request: FastifyRequest): Promise<ActionContext> {
  const { authorization } = request.headers;
  const { db, clock, keyring, ownPlaces } = options;
  const who = authorization === undefined ? await bySession(options, request) : await byKey(options, authorization);
  if (who === undefined) throw new AppError("unauthorized");
  return { ...who, requestId: request.id, db, clock, keyring, ...(ownPlaces === undefined ? {} : { ownPlaces }) };
}

/** The secret of the session in the cookie. */
export function sessionToken(options: Pick<AdminOptions, "listen">, request: FastifyRequest): string | undefined {
  return readCookie(request.headers.cookie, "session", siteOf(options, request));
}

type Who = Pick<ActionContext, "tenantId" | "actor" | "scopes" | "eventTypes" | "partnerIds" | "session">;

async function byKey(options: AdminOptions, authorization: string): Promise<Who | undefined> {
  const match = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(authorization);
  const key = match?.[1] === undefined ? undefined : await authenticateApiKey(options.db, options.keyring, match[1]);
  if (key === undefined) return undefined;
  const { tenantId, keyId, scopes, eventTypes, partnerIds, newDigest } = key;
  if (newDigest !== undefined) options.onOldPepper?.({ table: "api_key", tenantId, id: keyId, digest: newDigest });
  return { tenantId, actor: { kind: "key", id: keyId }, scopes, eventTypes, ...(partnerIds === undefined ? {} : { partnerIds }) };
}

async function bySession(options: AdminOptions, request: FastifyRequest): Promise<Who | undefined> {
  const token = sessionToken(options, request);
  const identity = token === undefined ? undefined : await authenticateSession(options.db, options.clock, token);
  if (token === undefined || identity === undefined) return undefined;
  if (request.method !== "GET" && request.method !== "HEAD") requireOwnPage(request, token);
  const { tenantId, userId, sessionId, scopes, partnerIds, secondFactorAt } = identity;
  return {
    tenantId,
    actor: { kind: "user", id: userId },
    scopes,
    eventTypes: [],
    session: { sessionId, secondFactorAt },
    ...(partnerIds === undefined ? {} : { partnerIds }),
  };
}

/**
 * A browser sends the cookie with what any page asks of it. A change must say that it comes from our origin (guardRequest
 * refused every other one) and carry what only our pages can know.
 */
function requireOwnPage(request: FastifyRequest, token: string): void {
  const { origin } = request.headers;
  const isOwn = origin !== undefined || request.headers["sec-fetch-site"] === "same-origin";
  const given = request.headers[csrfHeader];
  if (!isOwn || typeof given !== "string" || !isCsrfOf(token, given)) {
    throw new AppError("forbidden", `a change by a signed-in browser needs its origin and the header ${csrfHeader}`);
  }
}
