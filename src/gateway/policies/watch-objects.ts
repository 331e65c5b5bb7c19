import type { Call } from "../call.ts";
import type { ObjectWatch } from "../limits/object-watch.ts";
import type { AccessPolicy, Grant } from "../policy/snapshot.ts";
import type { ValidRequest } from "../validation/request-contract.ts";

/** Step 6, the watch: counts the different properties that an access asks for, those that are not there or not its own too. */
export function watchObjects(call: Call, access: AccessPolicy, more: { grant: Grant; request: ValidRequest; watch: ObjectWatch }): void {
  const { parameters, body } = more.grant.operation.targets();
  const who = { tenantId: access.license.tenantId, accessId: access.accessId };
  for (const parameter of parameters) count(more.request.asked({ parameter, field: "" }));
  for (const pointer of body) count(more.request.asked({ body: pointer, field: "" }));

  function count(object: string | undefined): void {
    if (object !== undefined) more.watch.saw(who, object, call.startedMs);
  }
}
