import { Ajv, type AnySchema } from "ajv";
import formats from "ajv-formats";
import { AppError } from "../contract/errors.ts";
import { pointerName } from "../contract/pointer-name.ts";

/** Query values arrive as text, so numbers and booleans are read from it there and nowhere else. */
const forQuery = createAjv(true);
const forRest = createAjv(false);

/** Ajv reads as JavaScript does: `0x10`, `1e1` and ` 5` would be numbers, and a proxy in front may read them otherwise. */
const decimal = /^-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,16})?$/;

function createAjv(coerceTypes: boolean): Ajv {
  const ajv = new Ajv({ coerceTypes, useDefaults: true, removeAdditional: false, allErrors: false, strict: false });
  formats.default(ajv, ["date-time"]);
  return ajv;
}

/** Fastify's validator compiler: strict bodies, unknown properties are faults, numbers of a query in plain decimals. */
export function compileValidator(part: string | undefined, schema: AnySchema) {
  if (part !== "querystring") return forRest.compile(schema);
  const validate = forQuery.compile(schema);
  const names = numberNames(schema);
  return (value: unknown) => {
    const odd = names.find((name) => isOddNumber(Reflect.get(Object(value), name)));
    if (odd !== undefined)
      return { error: new AppError("invalid-field", "a number is written in decimal digits", { pointer: `/query${pointerName(odd)}` }) };
    return validate(value) ? { value } : { error: validate.errors ?? [] };
  };
}

function isOddNumber(value: unknown): boolean {
  return typeof value === "string" && !decimal.test(value);
}

function numberNames(schema: AnySchema): string[] {
  const properties: object = Object(Reflect.get(Object(schema), "properties"));
  return Object.entries(properties)
    .filter(([, property]) => ["integer", "number"].includes(String(Reflect.get(Object(property), "type"))))
    .map(([name]) => name);
}
