import type { FastifyRequest } from "fastify";
import { AppError } from "../contract/errors.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The JSON body of a request, as text where the route keeps it; undefined when it is empty. `bad-request` otherwise. */
export async function parseBody(request: FastifyRequest, body: Buffer): Promise<unknown> {
  if (body.length === 0) return undefined;
  try {
    const text = utf8.decode(body);
    return request.routeOptions.config.rawBody === true ? text : JSON.parse(text);
  } catch (error) {
    throw new AppError("bad-request", "the body is not JSON in UTF-8", { cause: error });
  }
}
