import { Ajv2020, type AnySchema, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { AppError } from "../../contract/errors.ts";
import type { UnpackedOperation } from "../../contract/unpack-openapi.ts";
import type { OperationInput } from "./operation.ts";

const extensions = ["x-lgpd", "x-lgpd-subject", "x-mask", "x-ref", "x-object", "x-answers"];

/** The raw parts of a request. */
export type RawRequest = { params: unknown; query: unknown; body: unknown };

/** Gives the validated input, with defaults; throws `invalid-field` (422) with the pointer of the fault. */
export type CheckInput = (request: RawRequest) => OperationInput;

/** Compiles the checks of an operation: an unknown parameter or property is an error, nothing is dropped silently. */
export function compileInputCheck(operation: UnpackedOperation): CheckInput {
  // path and query values are text: "20" is a number where the schema says so; in a body it is not
  const texts = newAjv(true);
  const params = texts.compile<OperationInput["params"]>(parameterSchema(operation, "path"));
  const query = texts.compile<OperationInput["query"]>(parameterSchema(operation, "query"));
  const body = operation.request_schema === null ? undefined : newAjv(false).compile<OperationInput["body"]>(operation.request_schema);
  return (request) => ({
    params: checked(params, copied(request.params), "/params"),
    query: checked(query, copied(request.query), "/query"),
    body: body === undefined ? {} : checked(body, request.body, "/body"),
  });
}

function newAjv(coerceTypes: boolean): Ajv2020 {
  const ajv = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    strictRequired: false,
    coerceTypes,
    useDefaults: true,
    ownProperties: true,
  });
  ajv.addVocabulary(extensions);
  return ajv;
}

function parameterSchema(operation: UnpackedOperation, where: "path" | "query"): AnySchema {
  const parameters = operation.parameters.filter((parameter) => parameter.in === where);
  return {
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(parameters.map((parameter) => [parameter.name, parameter.schema])),
    required: parameters.filter((parameter) => parameter.required).map((parameter) => parameter.name),
  };
}

/** Coercion and defaults write into the value. */
function copied(value: unknown): unknown {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function checked<T>(validate: ValidateFunction<T>, value: unknown, root: string): T {
  if (validate(value)) return value;
  const fault: ErrorObject | undefined = validate.errors?.[0];
  throw new AppError("invalid-field", fault?.message, { pointer: `${root}${fault?.instancePath ?? ""}` });
}
