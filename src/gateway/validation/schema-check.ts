import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { pointerName } from "../../contract/pointer-name.ts";

/** The first fault of a value: JSON pointer within the value and a text that never repeats the value. */
export type Fault = { pointer: string; detail: string };

export type SchemaCheck = (value: unknown) => Fault | undefined;

// x-lgpd and formats of our own are no mistakes; nothing is coerced, filled in or removed
const ajv = new Ajv2020({ strict: false, allErrors: false, logger: false, addUsedSchema: false });
addFormats.default(ajv);

/** Compiles a JSON Schema (2020-12). Throws when it is none. */
export function compileCheck(schema: object): SchemaCheck {
  const validate = ajv.compile(schema);
  return (value) => {
    if (validate(value)) return undefined;
    const error = validate.errors?.[0];
    return error === undefined ? { pointer: "", detail: "is not valid" } : faultOf(error);
  };
}

function faultOf(error: ErrorObject): Fault {
  const { missingProperty, additionalProperty } = error.params;
  const member: unknown = missingProperty ?? additionalProperty;
  const at = typeof member === "string" ? pointerName(member) : "";
  return { pointer: error.instancePath + at, detail: detailOf(error) };
}

function detailOf(error: ErrorObject): string {
  if (error.keyword === "additionalProperties") return "This property is not known.";
  if (error.keyword === "required") return "This property is required.";
  return `This ${error.message ?? "is not valid"}.`;
}
