import type { FastifyReply } from "fastify";
import { AppError, errorTable, type ErrorCode } from "../../contract/errors.ts";
import { type Problem, problemType } from "../../contract/problem.ts";
import { failureOf } from "./gsan-failure.ts";

const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  400: "bad-request",
  413: "body-too-large",
  415: "unsupported-media-type",
};

/** The error as the caller meets it: ours as it is, a parser's by its status, anything else `internal` with its cause. */
export function toAppError(error: unknown): AppError {
  const known = failureOf(error);
  if (known instanceof AppError) return known;
  const status = error instanceof Error && "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : 500;
  return new AppError(codeOfStatus[status] ?? "internal", undefined, { cause: error });
}

/** Sends RFC 9457 problem+json; the detail is ours, never that of a foreign error. */
export function sendProblem(reply: FastifyReply, error: AppError, requestId: string): FastifyReply {
  const { title } = errorTable[error.code];
  const problem: Problem = {
    type: problemType(error.code),
    title,
    status: error.status,
    code: error.code,
    ...(error.message === title ? {} : { detail: error.message }),
    ...(error.pointer === undefined ? {} : { pointer: error.pointer }),
    request_id: requestId,
  };
  if (error.status === 401) reply.header("www-authenticate", "Bearer");
  if (error.status === 503) reply.header("retry-after", "1");
  return reply
    .code(error.status)
    .type("application/problem+json")
    .send(Buffer.from(JSON.stringify(problem)));
}
