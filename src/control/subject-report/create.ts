import { sql } from "kysely";
import { appendAdminEntry } from "../../audit/append.ts";
import { createSubjectHasher, manySubjects, normalSubject, type Subject } from "../../audit/subject-hash.ts";
import { AppError } from "../../contract/errors.ts";
import type { LicenseContent } from "../../contract/license-content.ts";
import type { Disclosure, SubjectQuestion, SubjectReport } from "../../contract/subject-report.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";
import { parseInstant } from "../instants.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { shownCategories } from "../processing-record/categories.ts";
import { requireScope } from "../require-scope.ts";

const mostYears = 10;
const mostGroups = 10_000;

type Span = { from: Date; to: Date };

/**
 * Who received data of a person, from the audit of calls, by keyed hash: one row per license version and operation.
 * The value goes no further than this function. The question itself is audited, without value and without hash.
 */
export async function createSubjectReport(ctx: ActionContext, input: SubjectQuestion): Promise<SubjectReport> {
  requireScope(ctx, "subjects:read");
  requireWholeTenant(ctx);
  const subject = subjectOf(input);
  const span = spanOf(input, ctx.clock.now());
  const reportId = newId("rep");
  const months = monthsOf(span).map((at) => ({ tenantId: ctx.tenantId, at }));
  const hashHex = createSubjectHasher(ctx.keyring.subject.key);
  const hash = (month: (typeof months)[number], named: Subject | typeof manySubjects): Buffer => Buffer.from(hashHex(month, named), "hex");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    const groups = await readGroups(
      tx,
      ctx.tenantId,
      span,
      months.map((month) => hash(month, subject)),
    );
    const missed = await countCalls(
      tx,
      ctx.tenantId,
      span,
      months.map((month) => hash(month, manySubjects)),
    );
    await appendAdminEntry(tx, ctx, {
      action: "subject_report.create",
      target: { kind: "subject_report", id: reportId },
      detail: { subject: subject.kind, from: span.from.toISOString(), to: span.to.toISOString(), rows: groups.length },
    });
    return {
      report_id: reportId,
      at: ctx.clock.now().toISOString(),
      subject: subject.kind,
      from: span.from.toISOString(),
      to: span.to.toISOString(),
      items: groups.map(disclosureOf),
      calls_not_indexed: missed,
    };
  });
}

function subjectOf(input: SubjectQuestion): Subject {
  const { document, matricula } = input;
  if ((document === undefined) === (matricula === undefined))
    throw new AppError("invalid-field", "exactly one of document and matricula is expected", { pointer: "/body" });
  const subject = document === undefined ? normalSubject("matricula", matricula ?? "") : normalSubject("document", document);
  if (subject !== undefined) return subject;
  throw document === undefined
    ? new AppError("invalid-field", "a matrícula is a number of at most 12 digits", { pointer: "/body/matricula" })
    : new AppError("invalid-field", "a CPF has 11 digits, a CNPJ 14 characters", { pointer: "/body/document" });
}

function spanOf(input: SubjectQuestion, now: Date): Span {
  const to = input.to === undefined ? now : parseInstant(input.to, "/body/to");
  const earliest = new Date(Date.UTC(to.getUTCFullYear() - mostYears, to.getUTCMonth(), 1));
  const from = input.from === undefined ? earliest : parseInstant(input.from, "/body/from");
  if (from > to) throw new AppError("invalid-field", "the end lies before the beginning", { pointer: "/body/to" });
  if (from < earliest) throw new AppError("invalid-field", `at most ${mostYears} years`, { pointer: "/body/from" });
  return { from, to };
}

/** An instant of each month (UTC) of the span: hashes are keyed by month. */
function monthsOf({ from, to }: Span): Date[] {
  const first = from.getUTCFullYear() * 12 + from.getUTCMonth();
  const last = to.getUTCFullYear() * 12 + to.getUTCMonth();
  return Array.from({ length: last - first + 1 }, (_, index) => startOf(first + index));
}

function startOf(month: number): Date {
  return new Date(Date.UTC(Math.floor(month / 12), month % 12, 1));
}

type GroupRow = {
  license_id: string | null;
  license_version: number | null;
  operation_id: string | null;
  license_name: string | null;
  purpose: string | null;
  legal_basis: string | null;
  partner_id: string | null;
  partner_name: string | null;
  operations: unknown;
  response_schema: unknown;
  calls: number;
  first_at: Date;
  last_at: Date;
};

async function readGroups(tx: Tx, tenantId: string, span: Span, hashes: Buffer[]): Promise<GroupRow[]> {
  const { rows } = await sql<GroupRow>`
    WITH calls AS (
      SELECT e.license_id, e.license_version, e.partner_id, e.operation_id, count(*)::float8 AS calls, min(e.at) AS first_at, max(e.at) AS last_at
        FROM aqueduto.subject_index s
        JOIN aqueduto.access_entry e ON e.tenant_id = s.tenant_id AND e.at = s.at AND e.entry_id = s.entry_id
       WHERE s.tenant_id = ${tenantId} AND s.subject_hash = ANY (${hashes}) AND s.at >= ${span.from} AND s.at <= ${span.to}
         AND e.phase = 'answer' AND e.status BETWEEN 200 AND 299
       GROUP BY e.license_id, e.license_version, e.partner_id, e.operation_id
       LIMIT ${mostGroups})
    SELECT c.license_id, c.license_version, c.operation_id, c.partner_id, p.name AS partner_name, c.calls, c.first_at, c.last_at,
           coalesce(v.content ->> 'name', l.name) AS license_name, coalesce(v.content ->> 'purpose', l.purpose) AS purpose,
           coalesce(v.content ->> 'legal_basis', l.legal_basis) AS legal_basis, v.content -> 'operations' AS operations, o.response_schema
      FROM calls c
      LEFT JOIN aqueduto.partner p ON p.tenant_id = ${tenantId} AND p.partner_id = c.partner_id
      LEFT JOIN aqueduto.license l ON l.tenant_id = ${tenantId} AND l.license_id = c.license_id
      LEFT JOIN aqueduto.license_version v ON v.tenant_id = ${tenantId} AND v.license_id = c.license_id AND v.version = c.license_version
      LEFT JOIN aqueduto.operation o ON o.tenant_id = ${tenantId} AND o.operation_id = c.operation_id
     ORDER BY c.last_at DESC, c.license_id, c.license_version, c.operation_id`.execute(tx);
  return rows;
}

async function countCalls(tx: Tx, tenantId: string, span: Span, hashes: Buffer[]): Promise<number> {
  const { rows } = await sql<{ count: number }>`SELECT count(*)::float8 AS count FROM aqueduto.subject_index
    WHERE tenant_id = ${tenantId} AND subject_hash = ANY (${hashes}) AND at >= ${span.from} AND at <= ${span.to}`.execute(tx);
  return rows[0]?.count ?? 0;
}

function disclosureOf({ operations, response_schema, first_at, last_at, ...row }: GroupRow): Disclosure {
  const grant = grantsOf(operations).find((one) => one.operation_id === row.operation_id);
  return {
    ...row,
    categories: grant === undefined ? [] : shownCategories(response_schema, grant),
    first_at: first_at.toISOString(),
    last_at: last_at.toISOString(),
  };
}

/** Contents of license versions are written by control/license alone, in the form of the contract. */
function grantsOf(operations: unknown): LicenseContent["operations"] {
  return Array.isArray(operations) ? (operations as LicenseContent["operations"]) : [];
}
