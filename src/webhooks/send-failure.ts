import { errors } from "undici";
import { errorCode } from "../platform/error-code.ts";
import { GuardError } from "./address-guard.ts";

const byCode: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: "connect-timeout",
  UND_ERR_HEADERS_TIMEOUT: "timeout",
  UND_ERR_BODY_TIMEOUT: "timeout",
  UND_ERR_ABORTED: "timeout",
  UND_ERR_HEADERS_OVERFLOW: "answer-malformed",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "answer-malformed",
  UND_ERR_SOCKET: "connection-lost",
  ECONNRESET: "connection-lost",
  EPIPE: "connection-lost",
  ECONNREFUSED: "connection-refused",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  ETIMEDOUT: "connect-timeout",
  ENOTFOUND: "name-unresolved",
  EAI_AGAIN: "name-unresolved",
  ENODATA: "name-unresolved",
};

const certificateCodes =
  /^(CERT_|ERR_TLS_|ERR_SSL_|EPROTO|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_OSSL_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH_EXCEEDED)/;

/** The stable code of a try that got no answer. Never the error's own text: it can hold a URL or a name. */
export function failureCode(error: unknown): string {
  if (error instanceof GuardError) return error.code;
  if (error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError")) return "timeout";
  if (error instanceof errors.HTTPParserError) return "answer-malformed";
  const code = errorCode(error) ?? "";
  if (code.startsWith("HPE_")) return "answer-malformed";
  return byCode[code] ?? (certificateCodes.test(code) ? "tls-failed" : "send-failed");
}
