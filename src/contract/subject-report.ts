import Type, { type Static } from "typebox";
import { Id, Instant, nullable, strict, text } from "./fields.ts";
import type { Route } from "./route.ts";

/** Exactly one of the two. The value is used to compute keyed hashes and is neither stored nor logged. */
export const SubjectQuestion = strict({
  /** CPF or CNPJ, with or without punctuation. Found where a call or its answer carried the document. */
  document: Type.Optional(text(30)),
  matricula: Type.Optional(text(20)),
  /** Default: everything that is kept, at most 10 years. */
  from: Type.Optional(Instant),
  to: Type.Optional(Instant),
});
export type SubjectQuestion = Static<typeof SubjectQuestion>;

const Disclosure = Type.Object({
  license_id: nullable(Id),
  license_name: nullable(Type.String()),
  license_version: nullable(Type.Integer()),
  partner_id: nullable(Id),
  partner_name: nullable(Type.String()),
  purpose: nullable(Type.String()),
  legal_basis: nullable(Type.String()),
  operation_id: nullable(Type.String()),
  /** `class=level` that this version of the license showed of the operation's answer. */
  categories: Type.Array(Type.String()),
  calls: Type.Integer(),
  first_at: Instant,
  last_at: Instant,
});
export type Disclosure = Static<typeof Disclosure>;

export const SubjectReport = Type.Object({
  report_id: Id,
  at: Instant,
  subject: Type.Enum(["document", "matricula"]),
  from: Instant,
  to: Instant,
  /** Who received data: calls that were answered with data, per license version and operation. */
  items: Type.Array(Disclosure),
  /** Calls of the same time that named more persons than a record holds; the person may be among them. */
  calls_not_indexed: Type.Integer(),
});
export type SubjectReport = Static<typeof SubjectReport>;

export const subjectReportRoutes = {
  "POST /v1/subject-reports": {
    summary: "Who received data of a person (LGPD arts. 9 and 18), by CPF, CNPJ or matrícula; the question is audited without the value",
    permission: "subjects:read",
    body: SubjectQuestion,
    reply: SubjectReport,
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
