import type { FastifyReply, FastifyRequest } from "fastify";
import type { AppError } from "../contract/errors.ts";
import { errorCode } from "../platform/error-code.ts";
import type { Log } from "../platform/log.ts";

/** One line per answered request: route template, ids and codes; nothing of path, query, body or headers. */
export function logRequest(log: Log, request: FastifyRequest, reply: FastifyReply, code: string): void {
  log.info({
    event: "admin.request",
    request_id: request.id,
    method: request.method,
    route: request.routeOptions.url ?? "*",
    status: reply.statusCode,
    code,
    duration_ms: Math.round(reply.elapsedTime),
  });
}

/** What stands behind a 5xx. Messages of the store may quote values of a row, so only kind, code and place are told. */
export function logFailure(log: Log, request: FastifyRequest, error: AppError): void {
  const cause = error.cause ?? error;
  log.error({
    event: "admin.failure",
    request_id: request.id,
    route: request.routeOptions.url ?? "*",
    code: error.code,
    cause: cause instanceof Error ? cause.name : typeof cause,
    cause_code: errorCode(cause),
    at: placeOf(cause),
  });
}

function placeOf(cause: unknown): string[] {
  if (!(cause instanceof Error) || cause.stack === undefined) return [];
  return cause.stack
    .split("\n")
    .filter((line) => line.startsWith("    at "))
    .slice(0, 8)
    .map((line) => line.trim());
}
