import type { FastifyRequest } from "fastify";
import { AppError } from "../contract/errors.ts";
import { nestsDeeperThan } from "../platform/json-nesting.ts";

const maxDepth = 100;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The JSON body of a request, as text where the route keeps it; undefined when it is empty. `bad-request` otherwise. */
export async function parseBody(request: FastifyRequest, body: Buffer): Promise<unknown> {
  if (body.length === 0) return undefined;
  try {
    const text = utf8.decode(body);
    if (request.routeOptions.config.rawBody === true) return text;
    // whoever walks the value later, walks it by recursion
    if (nestsDeeperThan(text, maxDepth)) throw new AppError("bad-request", `the body nests deeper than ${maxDepth} levels`);
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("bad-request", "the body is not JSON in UTF-8", { cause: error });
  }
}
