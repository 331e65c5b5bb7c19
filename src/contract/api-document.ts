import Type from "typebox";
import type { Route } from "./route.ts";

/** An OpenAPI 3.1 document; what stands in it is made by openapi.ts. */
const ApiDocument = Type.Object({
  openapi: Type.String(),
  info: Type.Object({ title: Type.String(), version: Type.String() }),
  paths: Type.Record(Type.String(), Type.Unknown()),
});

export const apiDocumentRoutes = {
  "GET /v1/openapi.json": {
    summary: "The OpenAPI 3.1 document of this API",
    permission: "status:read",
    reply: ApiDocument,
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
