import type { FastifyRequest } from "fastify";
import { AppError } from "../contract/errors.ts";
import { pointerName } from "../contract/pointer-name.ts";
import { duplicateMember } from "../platform/duplicate-member.ts";
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
    const value: unknown = JSON.parse(text);
    const duplicate = duplicateMember(text);
    if (duplicate !== undefined) throw new AppError("bad-request", "this member stands twice", { pointer: pointerOf(duplicate) });
    return value;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("bad-request", "the body is not JSON in UTF-8", { cause: error });
  }
}

/** To the member, or to the nearest around it whose name may stand in an error's text. */
function pointerOf(path: readonly (string | number)[]): string {
  const steps = path.map((step) => (typeof step === "number" ? `/${step}` : pointerName(step)));
  const unnamed = steps.indexOf("");
  return `/body${steps.slice(0, unnamed < 0 ? undefined : unnamed).join("")}`;
}
