import { Ajv, type AnySchema } from "ajv";
import formats from "ajv-formats";

/** Query values arrive as text, so numbers and booleans are read from it there and nowhere else. */
const forQuery = createAjv(true);
const forRest = createAjv(false);

function createAjv(coerceTypes: boolean): Ajv {
  const ajv = new Ajv({ coerceTypes, useDefaults: true, removeAdditional: false, allErrors: false, strict: false });
  formats.default(ajv, ["date-time"]);
  return ajv;
}

/** Fastify's validator compiler: strict bodies, unknown properties are faults. */
export function compileValidator(part: string | undefined, schema: AnySchema) {
  return (part === "querystring" ? forQuery : forRest).compile(schema);
}
