import { openapiDocument } from "../../contract/openapi.ts";
import type { Reply } from "../../contract/routes.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";

/** The OpenAPI document of the admin API. */
export async function getApiDocument(ctx: ActionContext): Promise<Reply<"GET /v1/openapi.json">> {
  requireScope(ctx, "status:read");
  return asReply(openapiDocument());
}

/** openapi.ts makes a document of this form; its test reads it by the reply's schema. */
function asReply(document: object): Reply<"GET /v1/openapi.json"> {
  return document as Reply<"GET /v1/openapi.json">;
}
