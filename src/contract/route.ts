import type { TObject, TSchema } from "typebox";
import type { ErrorCode } from "./errors.ts";
import type { Scope } from "./scopes.ts";

export type Method = "GET" | "POST";
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
  /** The body reaches the verb as the text that was received. */
  rawBody?: true;
  /** Only with a demo base; elsewhere the route does not exist. */
  demo?: true;
};
