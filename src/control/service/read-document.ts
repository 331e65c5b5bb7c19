import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { AppError } from "../../contract/errors.ts";
import { lintOpenapi, type Finding } from "../../contract/lint-openapi.ts";
import { unpackOpenapi, type UnpackedOperation } from "../../contract/unpack-openapi.ts";
import { schemaFields } from "../../contract/unpack-schema.ts";

const field = "/body/openapi";

/**
 * The operations of an uploaded document. Refused with `invalid-field` and the JSON pointer of the first fault below
 * /body/openapi; the detail says how many more there are. A schema that is none is a fault too.
 */
export function readDocument(document: unknown): UnpackedOperation[] {
  try {
    const operations = unpackOpenapi(document);
    for (const fault of schemaFaults(operations)) throw new AppError("invalid-field", fault.detail, { pointer: fault.pointer });
    return operations;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const more = lintOpenapi(document).filter((finding) => finding.severity === "error").length - 1;
    const detail = more > 0 ? `${error.message} (and ${more} more: POST /v1/openapi/lint lists them)` : error.message;
    throw new AppError(error.code, detail, { pointer: `${field}${error.pointer ?? ""}`, cause: error });
  }
}

/** Everything to be said about a document, and its operations when nothing refuses it. */
export function inspectDocument(document: unknown): { findings: Finding[]; operations: UnpackedOperation[] | undefined } {
  const findings = lintOpenapi(document);
  if (findings.some((finding) => finding.severity === "error")) return { findings, operations: undefined };
  const operations = unpackOpenapi(document);
  const faults = schemaFaults(operations);
  return { findings: [...faults, ...findings], operations: faults.length > 0 ? undefined : operations };
}

/**
 * Keywords with values of another form. Each schema is looked at for itself and none is compiled: the gateway compiles an
 * operation's request at its first call, and answers never.
 */
function schemaFaults(operations: readonly UnpackedOperation[]): Finding[] {
  const ajv = new Ajv2020({ strict: false, logger: false, addUsedSchema: false });
  addFormats.default(ajv);
  return operations.flatMap((operation) => {
    const pointer = `/paths/${operation.path.replaceAll("~", "~0").replaceAll("/", "~1")}/${operation.method.toLowerCase()}`;
    const wrong = schemasOf(operation).flatMap(({ part, schema }) => {
      const at = faultAt(ajv, schema);
      return at === undefined ? [] : [`the schema of ${part} is not valid JSON Schema at ${at === "" ? "its root" : at}`];
    });
    return wrong.map((detail): Finding => ({ severity: "error", rule: "schema", pointer, detail: `${operation.operation_id}: ${detail}` }));
  });
}

function schemasOf({ parameters, request_schema, response_schema }: UnpackedOperation): { part: string; schema: object }[] {
  return [
    ...parameters.map(({ name, schema }) => ({ part: `parameter ${name}`, schema })),
    ...(request_schema === null ? [] : [{ part: "the request", schema: request_schema }]),
    ...(response_schema === null ? [] : [{ part: "the answer", schema: response_schema }]),
  ];
}

/** JSON pointer in the schema of what ajv would not take; undefined when there is nothing. */
function faultAt(ajv: Ajv2020, schema: object): string | undefined {
  if (ajv.validateSchema(schema) !== true) return ajv.errors?.[0]?.instancePath ?? "";
  // the meta-schema allows it, compiling does not
  const empty = schemaFields(schema).find((field) => Array.isArray(field.schema["enum"]) && field.schema["enum"].length === 0);
  return empty?.pointer;
}
