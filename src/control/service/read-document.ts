import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { AppError } from "../../contract/errors.ts";
import { lintOpenapi, type Finding } from "../../contract/lint-openapi.ts";
import { unpackOpenapi, type UnpackedOperation } from "../../contract/unpack-openapi.ts";

const field = "/body/openapi";

/**
 * The operations of an uploaded document. Refused with `invalid-field` and the JSON pointer of the first fault below
 * /body/openapi; the detail says how many more there are. A schema that the gateway could not compile is a fault too.
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

/** What neither ajv nor the gateway would take: patterns that are none, keywords with values of another form. */
function schemaFaults(operations: readonly UnpackedOperation[]): Finding[] {
  const ajv = new Ajv2020({ strict: false, logger: false, addUsedSchema: false });
  addFormats.default(ajv);
  return operations.flatMap((operation) => {
    const schemas = [operation.request_schema, operation.response_schema, ...operation.parameters.map(({ schema }) => schema)];
    if (schemas.every((schema) => schema === null || compiles(ajv, schema))) return [];
    const pointer = `/paths/${operation.path.replaceAll("~", "~0").replaceAll("/", "~1")}/${operation.method.toLowerCase()}`;
    return [{ severity: "error", rule: "schema", pointer, detail: "a schema of this operation is not valid JSON Schema" }];
  });
}

function compiles(ajv: Ajv2020, schema: object): boolean {
  try {
    ajv.compile(schema);
    return true;
  } catch {
    return false;
  }
}
