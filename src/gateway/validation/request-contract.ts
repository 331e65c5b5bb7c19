import { pathParameters } from "../../contract/path-template.ts";
import { scalarAt, type AnswerRule } from "../projection/answer-rule.ts";
import { formatExact, type ExactJson } from "../projection/exact-json.ts";
import { classOf, isRecord, schemaNode, typesOf, type SchemaNode } from "../projection/json-schema.ts";
import type { OpaqueRefs } from "../projection/opaque-ref.ts";
import { Refusal } from "../refusal.ts";
import { capSchema } from "./cap-schema.ts";
import { parseBody } from "./parse-body.ts";
import { decodeText, parseQuery } from "./parse-query.ts";
import { revealBody, revealText, unknownRef } from "./reveal-refs.ts";
import { compileCheck, type SchemaCheck } from "./schema-check.ts";

/** What the operation's OpenAPI says about a request, compiled. */
export type RequestContract = {
  takesBody: boolean;
  /** Reads, checks and rebuilds a request. Throws Refusal. With `refs`, indirect values come as references and leave as numbers. */
  read(request: RawRequest): ValidRequest;
};

export type RawRequest = { values: readonly string[]; query: string; body: Buffer | undefined; refs: OpaqueRefs | undefined };

/** A request made anew from what was checked: nothing of the caller's spelling is left in it. */
export type ValidRequest = { path: string; body: string | undefined; asked(rule: AnswerRule): string | undefined };

type Place = "path" | "query";
type Parameter = { name: string; place: Place; schema: SchemaNode };

export type ContractSource = { path: string; parameters: unknown; requestSchema: unknown };

export function compileContract(source: ContractSource): RequestContract {
  const parameters = readParameters(source.parameters);
  const checks = { path: parameterCheck(parameters, "path"), query: parameterCheck(parameters, "query") };
  const names = pathParameters(source.path);
  const bodyCheck = isRecord(source.requestSchema) ? compileCheck(capSchema(source.requestSchema)) : undefined;
  return {
    takesBody: bodyCheck !== undefined,
    read({ values, query, body, refs }) {
      const inPath = readPath(names, values);
      const inQuery = parseQuery(query);
      if (inQuery === undefined) {
        throw new Refusal("bad-request", {
          clause: "query",
          detail: "The query string is broken or names a parameter twice.",
          pointer: "/query",
        });
      }
      const clear = { path: clearValues(inPath, parameters, "path", refs), query: clearValues(inQuery, parameters, "query", refs) };
      checkValues(clear.path, parameters, "path", checks.path);
      checkValues(clear.query, parameters, "query", checks.query);
      const json = bodyCheck === undefined ? undefined : readJson(body, { schema: source.requestSchema, check: bodyCheck, refs });
      return {
        path: buildPath(source.path, clear.path, clear.query),
        body: json === undefined ? undefined : formatExact(json),
        asked: (rule) =>
          "parameter" in rule ? (clear.path.get(rule.parameter) ?? clear.query.get(rule.parameter)) : scalarAt(json, rule.body),
      };
    },
  };
}

function readParameters(list: unknown): (Parameter & { required: boolean })[] {
  if (!Array.isArray(list)) return [];
  return list.filter(isRecord).flatMap((given) => {
    const { name, in: place, required } = given;
    if (typeof name !== "string" || (place !== "path" && place !== "query")) return [];
    return [{ name, place, required: required === true, schema: schemaNode(given["schema"]) }];
  });
}

function parameterCheck(parameters: (Parameter & { required: boolean })[], place: Place): SchemaCheck {
  const here = parameters.filter((parameter) => parameter.place === place);
  const values = {
    type: "object",
    properties: Object.fromEntries(here.map(({ name, schema }) => [name, schema])),
    required: here.filter(({ required }) => required).map(({ name }) => name),
    additionalProperties: false,
  };
  return compileCheck(capSchema(values));
}

function readPath(names: string[], values: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const [index, name] of names.entries()) {
    const value = decodeText(values[index] ?? "");
    if (value === undefined)
      throw new Refusal("bad-request", { clause: "path", detail: "The path is not valid.", pointer: `/params/${name}` });
    found.set(name, value);
  }
  return found;
}

/** References back to numbers, where the license sees references. A false one in the path is an object that is not there. */
function clearValues(
  values: Map<string, string>,
  parameters: Parameter[],
  place: Place,
  refs: OpaqueRefs | undefined,
): Map<string, string> {
  if (refs === undefined) return values;
  const hidden = parameters.filter((parameter) => parameter.place === place && classOf(parameter.schema) === "indirect");
  const clear = new Map(values);
  for (const { name, schema } of hidden) {
    const given = values.get(name);
    if (given === undefined) continue;
    const value = revealText(schema, name, given, refs);
    if (value !== undefined) clear.set(name, value);
    else if (place === "query") throw unknownRef(`/query/${name}`);
    else throw new Refusal("not-found", { clause: "opaque-reference" });
  }
  return clear;
}

function checkValues(values: Map<string, string>, parameters: Parameter[], place: Place, check: SchemaCheck): void {
  const typed: Record<string, unknown> = {};
  for (const [name, text] of values) {
    const parameter = parameters.find((known) => known.name === name && known.place === place);
    Object.defineProperty(typed, name, { value: typedValue(text, parameter?.schema ?? {}), enumerable: true });
  }
  const fault = check(typed);
  if (fault === undefined) return;
  throw new Refusal("invalid-field", {
    clause: "schema",
    detail: fault.detail,
    pointer: `${place === "path" ? "/params" : "/query"}${fault.pointer}`,
  });
}

/** The value that a text means under a scalar type; the text itself when it means none, which the schema then refuses. */
function typedValue(text: string, schema: SchemaNode): unknown {
  const types = typesOf(schema);
  if (types.has("string")) return text;
  if (types.has("integer") && /^(0|-?[1-9][0-9]{0,14})$/.test(text)) return Number(text);
  if (types.has("number") && /^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?$/.test(text)) return Number(text);
  if (types.has("boolean") && (text === "true" || text === "false")) return text === "true";
  return text;
}

function readJson(body: Buffer | undefined, more: { schema: unknown; check: SchemaCheck; refs: OpaqueRefs | undefined }): ExactJson {
  if (body === undefined || body.length === 0) {
    throw new Refusal("invalid-field", { clause: "schema", detail: "A JSON body is required.", pointer: "/body" });
  }
  const given = parseBody(body);
  const clear = more.refs === undefined ? given : revealBody(given, more.schema, more.refs);
  const fault = more.check(JSON.parse(formatExact(clear)));
  if (fault === undefined) return clear;
  throw new Refusal("invalid-field", { clause: "schema", detail: fault.detail, pointer: `/body${fault.pointer}` });
}

function buildPath(template: string, inPath: Map<string, string>, inQuery: Map<string, string>): string {
  const path = template.replaceAll(/\{([^{}]+)\}/g, (_all, name: string) => encodeURIComponent(inPath.get(name) ?? ""));
  const query = [...inQuery].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
  return query === "" ? path : `${path}?${query}`;
}
