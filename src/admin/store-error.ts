import type { ErrorCode } from "../contract/errors.ts";
import { errorCode } from "../platform/error-code.ts";

const networkCodes = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOENT", "EHOSTUNREACH", "ENOTFOUND", "EAI_AGAIN"]);
/** Too many connections, server starting or stopping, crash, lock or statement timeout, deadlock, serialization, read-only standby. */
const awayStates = new Set(["53300", "57P01", "57P02", "57P03", "57P05", "55P03", "57014", "40P01", "40001", "25006"]);
/** Text that the store cannot hold. */
const badTextStates = new Set(["22021", "22P05"]);
/** What pg and its pool throw without a code. */
const awayMessages =
  /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Query read timeout|Cannot use a pool after calling end)/;

/** What an error of the store means for the caller, or undefined when it is none of the expected ones. */
export function storeErrorCode(error: unknown): ErrorCode | undefined {
  const code = errorCode(error) ?? "";
  if (networkCodes.has(code) || code.startsWith("08") || awayStates.has(code)) return "store-away";
  if (badTextStates.has(code)) return "invalid-field";
  return error instanceof Error && awayMessages.test(error.message) ? "store-away" : undefined;
}
