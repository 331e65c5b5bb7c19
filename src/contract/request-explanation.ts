import Type, { type Static } from "typebox";
import { Id, Instant, nullable, strict, text } from "./fields.ts";
import type { Route } from "./route.ts";

const Text = Type.String();
const Words = Type.Object({ what: Text, todo: Text });

/** How a call at the gateway ended and what to do about it, from its audit record. */
export const RequestExplanation = Type.Object({
  request_id: Text,
  entry_id: Id,
  at: Instant,
  method: Text,
  route: Text,
  operation_id: nullable(Text),
  /** 0: no answer is recorded. */
  status: Type.Number(),
  code: Text,
  /** The clause or rule that refused. */
  clause: nullable(Text),
  license_id: nullable(Text),
  /** The version whose clause it was. */
  license_version: nullable(Type.Number()),
  access_id: nullable(Text),
  token_id: nullable(Text),
  /** The answer did not reach the caller whole. */
  aborted: Type.Boolean(),
  says: Type.Object({ en: Words, "pt-BR": Words }),
});
export type RequestExplanation = Static<typeof RequestExplanation>;

export const ErrorVerdict = Type.Object({
  request_id: Text,
  /** This platform answered exactly this. */
  genuine: Type.Boolean(),
  /** When the call came in; null unless genuine. */
  at: nullable(Instant),
});
export type ErrorVerdict = Static<typeof ErrorVerdict>;

export const requestRoutes = {
  "GET /v1/requests/{request_id}/explain": {
    summary: "Explain how a call at the gateway ended: which clause refused, and what to do",
    permission: "requests:read",
    params: strict({ request_id: Id }),
    reply: RequestExplanation,
    status: 200,
    errors: [],
  },
  "POST /v1/requests/verify": {
    summary: "Check the proof of an error that somebody pasted",
    permission: "requests:read",
    body: strict({
      request_id: Id,
      status: Type.Integer({ minimum: 100, maximum: 599 }),
      code: text(100),
      clause: Type.Optional(text(100)),
      proof: text(100),
    }),
    reply: ErrorVerdict,
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
