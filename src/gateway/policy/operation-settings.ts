import { errorTable, type ErrorCode } from "../../contract/errors.ts";
import { isRecord } from "../projection/json-schema.ts";
import type { OperationRow } from "./policy-rows.ts";

/** The service's `status_map` row value: upstream status -> error code of ours. */
export function statusMap(value: unknown): ReadonlyMap<number, ErrorCode> {
  const pairs = Object.entries(isRecord(value) ? value : {});
  return new Map(pairs.flatMap(([status, code]) => (isErrorCode(code) && /^[345]\d\d$/.test(status) ? [[Number(status), code]] : [])));
}

function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(errorTable, value);
}

/** `Deprecation: @<seconds>` (RFC 9745, a structured-field date) and `Sunset: <HTTP-date>` (RFC 8594). */
export function noticeHeaders({ deprecated_at, sunset_at }: Pick<OperationRow, "deprecated_at" | "sunset_at">): string[] {
  return [
    ...(deprecated_at === null ? [] : ["deprecation", `@${Math.floor(deprecated_at.getTime() / 1000)}`]),
    ...(sunset_at === null ? [] : ["sunset", sunset_at.toUTCString()]),
  ];
}
