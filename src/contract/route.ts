import type { TObject, TSchema } from "typebox";
import type { ErrorCode } from "./errors.ts";
import type { Scope } from "./scopes.ts";

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
export type RouteKeyForm = `${Method} /${string}`;

/** One route of the admin API: everything that handlers, client, CLI and the OpenAPI document need to know of it. */
export type Route = {
  summary: string;
  /** The scope a key must hold; null = answered without a credential. */
  permission: Scope | null;
  params?: TObject;
  query?: TObject;
  headers?: TObject;
  body?: TSchema;
  reply: TSchema;
  /** Status of the ordinary success. */
  status: number;
  /** Codes of its own, beside those every route can answer: of credential, scope, form, host and store. */
  errors: readonly ErrorCode[];
  /** The reply is lines of JSON (application/x-ndjson), each of the reply's schema. */
  stream?: true;
  /** A stream that `format: "csv"` of the body turns into a table with these columns (text/csv). */
  csv?: readonly string[];
  /** The body reaches the verb as the text that was received. */
  rawBody?: true;
  /** Only for a signed-in person: an API key is refused, whatever it holds. */
  person?: true;
  /** The reply comes with a session cookie, or takes it away. */
  cookie?: true;
  /** Only with a demo base; elsewhere the route does not exist. */
  demo?: true;
  /**
   * Makes something: takes an `Idempotency-Key`, which gives a repetition the stored reply. `shownOnce` names the
   * members of the reply that hold a secret: they are never stored, and a repetition says `secret_shown: false` instead.
   */
  creates?: true | { shownOnce: readonly string[] };
  /**
   * The reply carries a strong `ETag`: of the whole reply, or of the members named here where others change by
   * themselves (last use, last check).
   */
  etag?: true | readonly string[];
  /**
   * A change that needs an `If-Match` with the `ETag` that this route (a GET) gave: 428 without one, 412 when the
   * state is another by now. The verb calls requireMatch (control/row-version.ts) in its transaction.
   */
  ifMatch?: `GET /${string}`;
};
