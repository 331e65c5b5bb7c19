import { normalSubject, type Subject, type SubjectKind } from "../../audit/subject-hash.ts";
import { schemaFields } from "../../contract/unpack-schema.ts";
import { answerRule } from "../projection/answer-rule.ts";
import { isExactNumber, isExactObject, type ExactJson } from "../projection/exact-json.ts";
import { classOf, isRecord, refKindOf, schemaNode, type SchemaNode } from "../projection/json-schema.ts";
import type { ValidRequest } from "../validation/request-contract.ts";

type Field = { pointer: string; kind: SubjectKind };

/** Where an operation names the person whose data it is about, in the request and in the answer. */
export type SubjectRule = { parameters: { name: string; kind: SubjectKind }[]; body: Field[]; answer: Field[] };

type Source = { parameters: unknown; request_schema: unknown; response_schema: unknown };

const documentName = /^(cpf|cnpj|cpf_?cnpj|documento?|clie_nncpf|clie_nncnpj)$/i;

/** Fields marked `x-lgpd-subject`, and the two that `x-answers` ties together, as far as they hold a matrícula or document. */
export function subjectRule({ parameters, request_schema, response_schema }: Source): SubjectRule {
  const answers = answerRule(response_schema);
  const asked = answers === undefined ? undefined : "parameter" in answers ? answers.parameter : answers.body;
  const listed = Array.isArray(parameters) ? parameters.filter(isRecord) : [];
  return {
    parameters: listed.flatMap((parameter) => {
      const { name } = parameter;
      if (typeof name !== "string") return [];
      const kind = kindOf(schemaNode(parameter["schema"]), name, name === asked);
      return kind === undefined ? [] : [{ name, kind }];
    }),
    body: fieldsOf(request_schema, asked),
    answer: fieldsOf(response_schema, answers?.field),
  };
}

function fieldsOf(schema: unknown, tied: string | undefined): Field[] {
  return schemaFields(schema).flatMap(({ pointer, schema: field }) => {
    const kind = kindOf(field, stepsOf(pointer).findLast((step) => step !== "*") ?? "", pointer === tied);
    return kind === undefined ? [] : [{ pointer, kind }];
  });
}

function kindOf(schema: SchemaNode, name: string, isTied: boolean): SubjectKind | undefined {
  const lgpdClass = classOf(schema);
  if (schema["x-lgpd-subject"] !== true && !isTied) return undefined;
  if (lgpdClass === "indirect" && refKindOf(schema, name) === "imovel") return "matricula";
  return lgpdClass === "identity" && (schema["x-mask"] === "document" || documentName.test(name)) ? "document" : undefined;
}

/** The persons that a request names. */
export function askedSubjects(rule: SubjectRule, request: ValidRequest): Subject[] {
  const values = [
    ...rule.parameters.map(({ name, kind }) => ({ kind, text: request.asked({ parameter: name, field: "" }) })),
    ...rule.body.map(({ pointer, kind }) => ({ kind, text: request.asked({ body: pointer, field: "" }) })),
  ];
  return values.flatMap(({ kind, text }) => subjectOf(kind, text));
}

/** The persons that a service's answer names, before the projection: also what is not shown of them was about them. */
export function answeredSubjects(rule: SubjectRule, document: ExactJson | undefined): Subject[] {
  return rule.answer.flatMap(({ pointer, kind }) => textsAt(document, stepsOf(pointer)).flatMap((text) => subjectOf(kind, text)));
}

function subjectOf(kind: SubjectKind, text: string | undefined): Subject[] {
  const subject = text === undefined ? undefined : normalSubject(kind, text);
  return subject === undefined ? [] : [subject];
}

function stepsOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function textsAt(value: ExactJson | undefined, steps: readonly string[]): string[] {
  const [step, ...rest] = steps;
  if (step === undefined) return isExactNumber(value) ? [value.rawJSON] : typeof value === "string" ? [value] : [];
  if (step === "*") return Array.isArray(value) ? value.flatMap((item) => textsAt(item, rest)) : [];
  return isExactObject(value) && Object.hasOwn(value, step) ? textsAt(value[step], rest) : [];
}
