import { crc32 } from "node:zlib";
import { accessPhases, type AccessRecord } from "../contract/access-record.ts";

/** Longest line with its newline; a leaf of the log may hold 64 KiB. */
export const maxLineBytes = 16_384;

/** What a line of a journal can be. `bad` is a line cut short or damaged. */
export type JournalLine =
  | { kind: "record"; counter: number; record: AccessRecord }
  | { kind: "end"; counter: number; at: string }
  | { kind: "bad"; reason: string };

type FieldKind = "hashes" | "entryId" | "text" | "longText" | "time" | "phase" | "integer" | "base64";
type Field = { property: keyof AccessRecord; column: string; kind: FieldKind; required?: true };
/** `written`: the member with its comma. Throws RangeError when the value cannot be kept. */
type WrittenField = Field & { written(value: unknown): string };

// the order of the keys in a line; the names are those of the columns of access_entry
const columns: readonly Field[] = [
  { property: "id", column: "entry_id", kind: "entryId", required: true },
  { property: "at", column: "at", kind: "time", required: true },
  { property: "phase", column: "phase", kind: "phase", required: true },
  { property: "tenantId", column: "tenant_id", kind: "text" },
  { property: "partnerId", column: "partner_id", kind: "text" },
  { property: "licenseId", column: "license_id", kind: "text" },
  { property: "licenseVersion", column: "license_version", kind: "integer" },
  { property: "clientId", column: "client_id", kind: "text" },
  { property: "accessId", column: "access_id", kind: "text" },
  { property: "tokenId", column: "token_id", kind: "text" },
  { property: "operationId", column: "operation_id", kind: "text" },
  { property: "method", column: "method", kind: "text", required: true },
  { property: "route", column: "route", kind: "longText", required: true },
  { property: "status", column: "status", kind: "integer", required: true },
  { property: "code", column: "code", kind: "text", required: true },
  { property: "clause", column: "clause", kind: "text" },
  { property: "requestId", column: "request_id", kind: "text", required: true },
  { property: "bytes", column: "bytes", kind: "integer" },
  { property: "durationMs", column: "duration_ms", kind: "integer" },
  { property: "count", column: "count", kind: "integer" },
  { property: "network", column: "network", kind: "text" },
  { property: "subjects", column: "subjects", kind: "hashes" },
  { property: "ipSealed", column: "ip_sealed", kind: "base64" },
  { property: "agentSealed", column: "agent_sealed", kind: "base64" },
];

const fieldOfColumn = new Map(columns.map((field) => [field.column, field]));

// PostgreSQL's text holds neither NUL nor lone surrogates
function isText(value: unknown, longest: number): boolean {
  return typeof value === "string" && value.length <= longest && value.isWellFormed() && !value.includes("\0");
}

const timeForm = /^20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const checks: Record<FieldKind, (value: unknown) => boolean> = {
  entryId: (value) => typeof value === "string" && /^aud_[0-9a-z]{26}$/.test(value),
  text: (value) => isText(value, 200),
  longText: (value) => isText(value, 2000),
  // only a real instant survives the way there and back
  time: (value) => typeof value === "string" && timeForm.test(value) && isRealInstant(value),
  hashes: (value) => typeof value === "string" && value.length <= 6_500 && /^[0-9a-f]{64}(,[0-9a-f]{64})*$/.test(value),
  phase: (value) => accessPhases.some((phase) => phase === value),
  integer: (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= 0,
  base64: (value) => typeof value === "string" && value.length <= 4000 && value.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(value),
};

function isRealInstant(text: string): boolean {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString() === text;
}

/** Values that come again and again (ids, routes, codes) are checked and written once. */
const repeatedKinds: ReadonlySet<FieldKind> = new Set(["text", "longText", "phase", "time"]);
const mostKept = 2_000;

function writer({ property, column, kind }: Field): (value: unknown) => string {
  const write = (value: unknown): string => {
    if (!checks[kind](value)) throw invalid(property);
    return `,"${column}":${JSON.stringify(value)}`;
  };
  // a request's id is never seen twice
  return repeatedKinds.has(kind) && property !== "requestId" ? remembering(write) : write;
}

const fields: readonly WrittenField[] = columns.map((field) => ({ ...field, written: writer(field) }));

function remembering(write: (value: unknown) => string): (value: unknown) => string {
  const known = new Map<unknown, string>();
  return (value) => {
    const before = known.get(value);
    if (before !== undefined) return before;
    if (known.size >= mostKept) known.clear();
    const text = write(value);
    known.set(value, text);
    return text;
  };
}

// every value range that access_entry's columns refuse is refused here, so that a written line can always be shipped
const int4Max = 2 ** 31 - 1;

function fault(record: Partial<Record<string, unknown>>): string | undefined {
  for (const { property, kind, required } of fields) {
    const value = record[property];
    if (value === undefined ? required === true : !checks[kind](value)) return property;
  }
  return faultOfNumbers(record);
}

function faultOfNumbers(record: Partial<Record<string, unknown>>): string | undefined {
  const status = Number(record["status"]);
  if (status !== 0 && (status < 100 || status > 599)) return "status";
  if (Number(record["licenseVersion"] ?? 0) > int4Max) return "licenseVersion";
  return undefined;
}

function withCrc(head: string): string {
  return `${head},"crc":"${crc32(head).toString(16).padStart(8, "0")}"}\n`;
}

/** The line of a record with its counter, newline included. Throws RangeError naming the field that cannot be kept. */
export function encodeRecord(record: AccessRecord, counter: number): string {
  let line = `{"n":${counter}`;
  for (const field of fields) {
    const value = record[field.property];
    if (value !== undefined) line += field.written(value);
    else if (field.required === true) throw invalid(field.property);
  }
  const faulty = faultOfNumbers(record);
  if (faulty !== undefined) throw invalid(faulty);
  return withCrc(line);
}

function invalid(property: string): RangeError {
  return new RangeError(`access record: ${property} is not valid`);
}

/** The closing line of a journal: it says which counter was the last and uses none itself. */
export function encodeEnd(counter: number, at: string): string {
  return withCrc(JSON.stringify({ end: counter, at }).slice(0, -1));
}

const crcBytes = ',"crc":"00000000"}'.length;
const crcForm = /^,"crc":"([0-9a-f]{8})"\}$/;

/** Reads one line, given without its newline. Never throws. */
export function parseLine(line: Buffer): JournalLine {
  const cut = line.length - crcBytes;
  if (cut < 2) return bad("too short");
  const crc = crcForm.exec(line.toString("latin1", cut))?.[1];
  if (crc === undefined) return bad("no checksum");
  const head = line.subarray(0, cut);
  if (crc32(head) !== Number.parseInt(crc, 16)) return bad("checksum differs");
  const value = parseObject(`${head.toString("utf8")}}`);
  if (value === undefined) return bad("not a JSON object");
  return "end" in value ? endOf(value) : recordOf(value);
}

function bad(reason: string): JournalLine {
  return { kind: "bad", reason };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function endOf(value: Record<string, unknown>): JournalLine {
  const { end, at } = value;
  if (!isCounter(end, 0) || typeof at !== "string" || !checks.time(at) || Object.keys(value).length !== 2) return bad("end line");
  return { kind: "end", counter: end, at };
}

function recordOf(value: Record<string, unknown>): JournalLine {
  const { n, ...columns } = value;
  if (!isCounter(n, 1)) return bad("counter");
  const record: Record<string, unknown> = {};
  for (const [column, member] of Object.entries(columns)) {
    const field = fieldOfColumn.get(column);
    if (field === undefined) return bad("unknown key");
    record[field.property] = member;
  }
  return isRecord(record) ? { kind: "record", counter: n, record } : bad(`field ${fault(record) ?? ""}`);
}

function isCounter(value: unknown, least: number): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= least;
}

// every field was checked against the table above, which names all of AccessRecord's
function isRecord(value: Record<string, unknown>): value is Record<string, unknown> & AccessRecord {
  return fault(value) === undefined;
}
