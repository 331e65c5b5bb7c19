import Type, { type Static } from "typebox";

/** RFC 9457 problem document; `code` is stable and listed in errors.ts. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String(),
  detail: Type.Optional(Type.String()),
  /** JSON pointer (RFC 6901) of the faulty part of the input; begins with /body, /query, /params or /headers. */
  pointer: Type.Optional(Type.String()),
  request_id: Type.String(),
  /** Of the gateway's errors: a keyed hash over request id, status, code and clause, for POST /v1/requests/verify. */
  proof: Type.Optional(Type.String()),
});
export type Problem = Static<typeof Problem>;

/** The `type` of a problem, the same from every role of the platform. */
export function problemType(code: string): string {
  return `urn:aqueduto:problem:${code}`;
}
