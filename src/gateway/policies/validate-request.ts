import type { Call } from "../call.ts";
import type { AccessPolicy, Grant } from "../policy/snapshot.ts";
import { Refusal } from "../refusal.ts";
import type { ValidRequest } from "../validation/request-contract.ts";

const jsonType = /^application\/json(\s*;\s*charset="?utf-8"?)?$/i;

/** Step 7, the request: reads the body within the operation's cap and holds everything against the operation's schema. */
export async function validateRequest(call: Call, access: AccessPolicy, match: { grant: Grant; values: string[] }): Promise<ValidRequest> {
  const { operation, opaque } = match.grant;
  const contract = operation.contract();
  const body = contract.takesBody ? await readJsonBody(call, operation.maxBodyBytes) : refuseBody(call);
  return contract.read({ values: match.values, query: call.query, body, refs: opaque ? access.license.refs : undefined });
}

function refuseBody(call: Call): undefined {
  if (call.hasBody) throw new Refusal("bad-request", { clause: "body", detail: "This operation takes no body.", pointer: "/body" });
}

async function readJsonBody(call: Call, maxBytes: number): Promise<Buffer> {
  const { contentType, contentLength } = call.headers;
  if (call.hasBody && !jsonType.test(contentType ?? "")) {
    throw new Refusal("unsupported-media-type", { clause: "content-type", detail: "Send the body as application/json in UTF-8." });
  }
  const tooLarge = new Refusal("body-too-large", { clause: "body", detail: `At most ${maxBytes} bytes are read.`, pointer: "/body" });
  if (Number(contentLength ?? 0) > maxBytes) throw tooLarge;
  const body = await call.readBody(maxBytes);
  if (body === "too-large") throw tooLarge;
  if (body === "aborted")
    throw new Refusal("bad-request", { clause: "body-aborted", detail: "The body did not arrive whole.", pointer: "/body" });
  return body;
}
