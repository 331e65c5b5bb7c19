import type { AppError } from "./errors.ts";
import { isObject } from "./json-document.ts";
import { isLgpdClass, isPublishableClass } from "./lgpd.ts";
import { readOpenapi, type UnpackedOperation } from "./unpack-openapi.ts";
import { schemaFields, type SchemaField } from "./unpack-schema.ts";

/** What a document has that refuses it (error) or deserves a look (warning). `pointer` is into the document. */
export type Finding = { severity: "error" | "warning"; rule: string; pointer: string; detail: string };

const maxFindings = 200;
const personName = /cpf|cnpj|documento?$|^nome|^name$|e-?mail|telefone|phone|celular|nascimento|birth|endereco|address|cep$|senha/i;
const changingName = /^(create|insert|inserir|incluir|update|atualizar|alterar|delete|excluir|remover|cancel|conclu|confirm|gerar|emitir)/i;

/** Every finding about a document: all errors, and for operations without one also warnings. At most 200. */
export function lintOpenapi(document: unknown): Finding[] {
  const errors: Finding[] = [];
  const operations = readOpenapi(document, (fault) => errors.push(errorOf(fault)));
  const unique = new Map(errors.map((error) => [`${error.pointer} ${error.detail}`, error]));
  return [...unique.values(), ...operations.flatMap(warningsOf)].slice(0, maxFindings);
}

function errorOf(fault: AppError): Finding {
  return { severity: "error", rule: ruleOf(fault.message), pointer: fault.pointer ?? "", detail: fault.message };
}

function ruleOf(detail: string): string {
  if (detail.includes("needs an x-lgpd class")) return "unclassified-field";
  if (detail.includes("may not stand in a path or query")) return "person-in-url";
  if (detail.startsWith("operationId")) return "operation-id";
  return detail.includes("only references within") ? "external-reference" : "not-usable";
}

function warningsOf(operation: UnpackedOperation): Finding[] {
  const pointer = `/paths/${operation.path.replaceAll("~", "~0").replaceAll("/", "~1")}/${operation.method.toLowerCase()}`;
  const asked = [...parameterFields(operation), ...schemaFields(operation.request_schema)];
  const answered = schemaFields(operation.response_schema);
  const warn = (rule: string, detail: string): Finding => ({ severity: "warning", rule, pointer, detail });
  const misnamed = [...asked, ...answered].filter((field) => isOpen(field) && personName.test(lastStep(field.pointer)));
  const personal = answered.some((field) => isLgpdClass(field.schema["x-lgpd"]) && !isOpen(field));
  return [
    ...misnamed.map((field) =>
      warn("class-doubtful", `the name of ${field.pointer} speaks of a person, its class says that nothing of it does`),
    ),
    ...(operation.method === "GET" && changingName.test(operation.operation_id)
      ? [warn("write-by-get", "a GET must change nothing; the name of this one sounds as if it did")]
      : []),
    ...(personal && asked.some(isReference) && !isObject(operation.response_schema?.["x-answers"])
      ? [warn("answer-not-checked", "x-answers is missing: nothing makes sure that the object answered is the one asked for")]
      : []),
    ...(personal && ![...asked, ...answered].some((field) => field.schema["x-lgpd-subject"] === true)
      ? [warn("no-subject", "no field is marked x-lgpd-subject: reports of who received data of a person will not find these calls")]
      : []),
  ];
}

function parameterFields(operation: UnpackedOperation): SchemaField[] {
  return operation.parameters.map(({ name, in: place, schema }) => ({ pointer: `/${place}/${name}`, schema }));
}

function isOpen({ schema }: SchemaField): boolean {
  return isLgpdClass(schema["x-lgpd"]) && isPublishableClass(schema["x-lgpd"]);
}

function isReference({ schema }: SchemaField): boolean {
  return schema["x-lgpd"] === "indirect";
}

function lastStep(pointer: string): string {
  return pointer.split("/").findLast((step) => step !== "*") ?? "";
}
