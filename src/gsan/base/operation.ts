import type { NeededColumns } from "../connection/probe-columns.ts";
import type { DocumentIndex } from "./document-index.ts";
import type { PageCursor } from "./page-cursor.ts";
import type { SurchargeRule } from "./surcharge.ts";

/** What an operation works with: one read-only, repeatable-read transaction and the settings of the service. */
export type OperationContext = {
  /** Runs a statement in the transaction of this call. */
  query<Row>(sql: string, values: unknown[]): Promise<Row[]>;
  /** The utility's day, `YYYY-MM-DD`. */
  today: string;
  surcharges: SurchargeRule;
  cursor: PageCursor;
  documents: DocumentIndex;
};

/** The request after validation against the operation's schemas; defaults are filled in. */
export type OperationInput = {
  params: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string | number>>;
  body: Readonly<Record<string, string | number>>;
};

/** A JSON value that may hold exact number literals (JSON.rawJSON). */
export type Answer = Readonly<Record<string, unknown>>;

/** Answers an operation. Throws AppError("not-found") where the object is not there. */
export type Operation = {
  /** The columns it selects, checked against the base at start. */
  columns: NeededColumns;
  answer(context: OperationContext, input: OperationInput): Promise<Answer>;
};

/** A path parameter or a text of the body that the schema requires; validation has run, so absence is our fault. */
export function requiredText(values: Readonly<Record<string, string | number>>, name: string): string {
  const value = values[name];
  if (typeof value !== "string") throw new TypeError(`the schema does not require ${name}`);
  return value;
}

/** A whole number with a default in the schema. */
export function requiredNumber(values: Readonly<Record<string, string | number>>, name: string): number {
  const value = values[name];
  if (typeof value !== "number") throw new TypeError(`the schema gives no default for ${name}`);
  return value;
}
