import { unpackOpenapi, type UnpackedOperation } from "../../contract/unpack-openapi.ts";
import gsanDocument from "./gsan.openapi.json" with { type: "json" };
import baseDocument from "./base.openapi.json" with { type: "json" };

/** The OpenAPI 3.1 document of the base service, as it is registered with the platform. */
export const baseOpenapi: unknown = baseDocument;

/** The known operations of the base service, unpacked as the table `operation` holds them. */
export function loadCatalog(): UnpackedOperation[] {
  return unpackOpenapi(baseOpenapi);
}

/**
 * The OpenAPI 3.1 document of GSAN's own known endpoints, as safe operations. They are described and not served: what
 * an adapter has to call stands in `x-upstream`.
 */
export const gsanOpenapi: unknown = gsanDocument;
