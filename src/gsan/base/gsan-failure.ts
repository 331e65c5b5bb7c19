import { AppError } from "../../contract/errors.ts";

/** SQLSTATE classes and codes that say the base cannot be used now: connection, shutdown, too many, no right, other schema. */
const awayStates = /^(?:08...|57P..|53...|28...|3D000|42501|42P01|42703|58...|XX...)$/;
const awaySystemCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ETIMEDOUT",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  "EACCES",
]);
/** Messages of pg for a connection that is gone; they have no code. */
const gonePattern =
  /^(?:Connection terminated|Client has encountered a connection error|Client was closed|The server does not support SSL)/;
const noConnectionPattern = /^timeout exceeded when trying to connect/;
const queryCanceled = "57014";

/** What a failed query means: the base is away, busy (no free connection), too slow, or something of ours. */
export type GsanFailure = { kind: "away" | "busy" | "slow" | "other"; /** Short, free of data: a code. */ reason: string };

export function classifyFailure(error: unknown): GsanFailure {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  if (code === queryCanceled) return { kind: "slow", reason: code };
  if (awayStates.test(code) || awaySystemCodes.has(code)) return { kind: "away", reason: code };
  const message = error instanceof Error ? error.message : "";
  if (gonePattern.test(message)) return { kind: "away", reason: "connection-lost" };
  if (message === "Query read timeout") return { kind: "away", reason: "silent" };
  if (noConnectionPattern.test(message)) return { kind: "busy", reason: "no-connection" };
  return { kind: "other", reason: code };
}

/** The error a caller meets for a failed query; errors that are ours already, and unknown ones, stay what they are. */
export function failureOf(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const { kind } = classifyFailure(error);
  if (kind === "slow") return new AppError("upstream-timeout", undefined, { cause: error });
  if (kind === "away" || kind === "busy") return new AppError("base-away", undefined, { cause: error });
  return error;
}
