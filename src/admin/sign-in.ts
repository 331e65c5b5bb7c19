import { AppError } from "../contract/errors.ts";
import { authenticateApiKey } from "../control/api-key/authenticate.ts";
import type { ActionContext } from "../control/context.ts";
import type { AdminOptions } from "./options.ts";

/** The context of the API key in an Authorization header. `unauthorized`, always in the same words, for anything else. */
export async function signIn(options: AdminOptions, authorization: string | undefined, requestId: string): Promise<ActionContext> {
  const match = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(authorization ?? "");
  const key = match?.[1] === undefined ? undefined : await authenticateApiKey(options.db, options.keyring, match[1]);
  if (key === undefined) throw new AppError("unauthorized");
  const { db, clock, keyring } = options;
  return {
    tenantId: key.tenantId,
    actor: { kind: "key", id: key.keyId },
    scopes: key.scopes,
    eventTypes: key.eventTypes,
    requestId,
    db,
    clock,
    keyring,
  };
}
