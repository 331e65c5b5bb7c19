import { errorTable, type ErrorCode } from "../contract/errors.ts";
import { type Problem, problemType } from "../contract/problem.ts";
import type { Refusal } from "./refusal.ts";

/** Fixed texts; a 401 and a 404 of one kind must not differ from those of another. */
const fixedDetail: Partial<Record<ErrorCode, string>> = {
  unauthorized: "Send a valid access token as `Authorization: Bearer`.",
  "not-found": "No operation or object here is known to this license.",
  internal: "Try again; if it goes on, tell the operator the request id.",
};

/** The RFC 9457 document of a refusal, as bytes. `clause` is an extension member. */
export function problemBody(refusal: Refusal, requestId: string): Buffer {
  const { code, more } = refusal;
  const { status, title } = errorTable[code];
  const detail = fixedDetail[code] ?? more.detail;
  const problem: Problem & { clause?: string } = {
    type: problemType(code),
    title,
    status,
    code,
    ...(detail === undefined ? {} : { detail }),
    ...(more.pointer === undefined ? {} : { pointer: more.pointer }),
    ...(more.showClause === true ? { clause: more.clause } : {}),
    request_id: requestId,
  };
  return Buffer.from(JSON.stringify(problem));
}
