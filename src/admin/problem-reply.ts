import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { AppError, errorTable, type ErrorCode } from "../contract/errors.ts";
import { type Language, languageOf } from "../contract/language.ts";
import { pointerName } from "../contract/pointer-name.ts";
import { type Problem, problemType } from "../contract/problem.ts";
import { storeErrorCode } from "./store-error.ts";

/** Fastify's own refusals, by their code. */
const frameworkCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_BAD_URL: "bad-request",
  FST_ERR_CTP_BODY_TOO_LARGE: "body-too-large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported-media-type",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "bad-request",
  FST_ERR_CTP_EMPTY_JSON_BODY: "bad-request",
  FST_ERR_CTP_EMPTY_TYPE: "unsupported-media-type",
  FST_ERR_MAX_PARAM_LENGTH: "not-found",
};

/** Any thrown value as an AppError; what nobody expected becomes `internal` and keeps its cause for the log. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const validation = fromValidation(error);
  if (validation !== undefined) return validation;
  const code = frameworkCode(error) ?? storeErrorCode(error) ?? "internal";
  return new AppError(code, undefined, { cause: error });
}

/** The problem document (RFC 9457) of an error, its title in one language. The message of an `internal` is withheld. */
export function problemOf(error: AppError, requestId: string, language: Language): Problem {
  const { status, title: english, titulo } = errorTable[error.code];
  const title = language === "en" ? english : titulo;
  const detail = error.code === "internal" || error.message === english ? {} : { detail: error.message };
  const pointer = error.pointer === undefined ? {} : { pointer: error.pointer };
  return { type: problemType(error.code), title, status, code: error.code, ...detail, ...pointer, request_id: requestId };
}

/** Answers with the problem document of an error. */
export function replyProblem(request: FastifyRequest, reply: FastifyReply, error: AppError): FastifyReply {
  if (error.code === "unauthorized") reply.header("www-authenticate", 'Bearer realm="aqueduto"');
  if (error.code === "sign-in-locked") reply.header("retry-after", "60");
  if (error.code === "store-away") reply.header("retry-after", "5");
  if (error.code === "request-in-progress") reply.header("retry-after", "1");
  const language = languageOf(request.headers["accept-language"]);
  return reply
    .code(error.status)
    .headers({ "content-language": language, vary: "accept-language" })
    .type("application/problem+json")
    .send(JSON.stringify(problemOf(error, request.id, language)));
}

function frameworkCode(error: unknown): ErrorCode | undefined {
  if (!isFastifyError(error) || !error.code.startsWith("FST_")) return undefined;
  const isCallers = error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500;
  return frameworkCodes[error.code] ?? (isCallers ? "bad-request" : undefined);
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}

/** A part of the request that does not match the route's schema; a path that does not is a thing that is not there. */
function fromValidation(error: unknown): AppError | undefined {
  if (!isFastifyError(error) || error.validation === undefined) return undefined;
  const part = error.validationContext ?? "body";
  if (part === "params") return new AppError("not-found");
  const [fault] = error.validation;
  const pointer = `/${part === "querystring" ? "query" : part}${fault?.instancePath ?? ""}${lastStep(fault?.params)}`;
  return new AppError("invalid-field", fault?.message ?? "this is not valid", { pointer });
}

function lastStep(params: Record<string, unknown> | undefined): string {
  const name = params?.["additionalProperty"] ?? params?.["missingProperty"];
  return typeof name === "string" ? pointerName(name) : "";
}
