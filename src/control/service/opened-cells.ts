import { AppError } from "../../contract/errors.ts";
import { isPublishableClass } from "../../contract/lgpd.ts";
import { objectTargets, type TargetSource } from "../../contract/object-targets.ts";
import { fieldMatcher } from "../../contract/personal-fields.ts";
import type { OpenedCell } from "../../contract/service.ts";
import { shownFields, type FieldGrant, type ShownField } from "../../contract/shown-fields.ts";
import type { UnpackedOperation } from "../../contract/unpack-openapi.ts";
import { schemaFields } from "../../contract/unpack-schema.ts";
import type { Tx } from "../../db/database.ts";
import { isRaised, reachesPersonal } from "../license/changes.ts";
import type { KnownOperation } from "../license/known-operations.ts";
import { oncePersonal } from "./once-personal.ts";

type ServiceKey = { tenant_id: string; service_id: string };
type Opening = { pointer: string; detail: string };
type Held = { grant: FieldGrant; hasScope: boolean; wasPersonal: (pointer: string) => boolean };

/**
 * What a document would open to licenses that are published already: nobody approved that. A license sees classes, so a
 * class that says less of a person than before, or a new field of a class it grants, shows more without a new version.
 */
export async function openedCells(tx: Tx, key: ServiceKey, operations: readonly UnpackedOperation[]): Promise<OpenedCell[]> {
  const next = new Map(operations.map((operation) => [operation.operation_id, operation]));
  const known = await oncePersonal(tx, key, operations);
  const rows = await grantsOf(tx, key);
  return rows.flatMap(({ license_id, projection, fields, scoped, ...old }) => {
    const now = next.get(old.operation_id);
    if (now === undefined) return [];
    const grant = { projection: Object(projection) as Record<string, unknown>, ...(fields === null ? {} : { fields }) };
    const held = { grant, hasScope: scoped !== null, wasPersonal: fieldMatcher(known.get(old.operation_id) ?? []) };
    return openingsOf(old, now, held).map((opening) => ({ license_id, operation_id: old.operation_id, ...opening }));
  });
}

/** Refuses (`conflict`) a document that opens something to published licenses; the detail names them and the way on. */
export async function refuseOpening(tx: Tx, key: ServiceKey, operations: readonly UnpackedOperation[]): Promise<void> {
  const opened = await openedCells(tx, key, operations);
  if (opened.length === 0) return;
  const named = opened.slice(0, 20).map((one) => `${one.license_id} ${one.operation_id} ${one.pointer} (${one.detail})`);
  throw new AppError(
    "conflict",
    `the document opens to published licenses what nobody approved: ${named.join("; ")}${opened.length > 20 ? `; and ${opened.length - 20} more (…/openapi/diff)` : ""}. ` +
      "Publish versions of these licenses that do not hold it, register the document, then let versions that do be approved",
    { pointer: "/body/openapi" },
  );
}

function grantsOf(tx: Tx, key: ServiceKey) {
  return tx
    .selectFrom("license_operation as g")
    .innerJoin("operation as o", (join) => join.onRef("o.tenant_id", "=", "g.tenant_id").onRef("o.operation_id", "=", "g.operation_id"))
    .innerJoin("license as l", (join) => join.onRef("l.tenant_id", "=", "g.tenant_id").onRef("l.license_id", "=", "g.license_id"))
    .leftJoin("license_object as s", (join) => join.onRef("s.tenant_id", "=", "g.tenant_id").onRef("s.license_id", "=", "g.license_id"))
    .select(["g.license_id", "g.projection", "g.fields", "s.license_id as scoped"])
    .select(["o.operation_id", "o.method", "o.parameters", "o.request_schema", "o.response_schema", "o.publishable", "o.state", "o.tags"])
    .where("o.tenant_id", "=", key.tenant_id)
    .where("o.service_id", "=", key.service_id)
    .where("l.state", "!=", "ended")
    .orderBy("g.license_id")
    .orderBy("o.operation_id")
    .execute();
}

function openingsOf(old: KnownOperation, now: UnpackedOperation, held: Held): Opening[] {
  return [
    ...fieldOpenings(old, now, held),
    ...(now.publishable && !old.publishable
      ? [{ pointer: "/x-publishable", detail: "accesses whose token others can read could call it" }]
      : []),
    ...(reachesPersonal(now) && !reachesPersonal(old)
      ? [{ pointer: "/requestBody", detail: "it would take personal data, or change something" }]
      : []),
    ...(held.hasScope && isScopeLoosened(old, now)
      ? [{ pointer: "/response", detail: "it would say less of the objects that the license's scope is held by" }]
      : []),
  ];
}

function fieldOpenings(old: KnownOperation, now: UnpackedOperation, { grant, wasPersonal }: Held): Opening[] {
  const before = new Map(shownFields(old.response_schema, grant).map((field) => [field.pointer, field]));
  const [oldMasks, newMasks] = [masksOf(old.response_schema), masksOf(now.response_schema)];
  return shownFields(now.response_schema, grant).flatMap((field) => {
    const { pointer } = field;
    const was = before.get(pointer);
    const remasked = oldMasks.get(pointer) !== newMasks.get(pointer);
    const detail =
      openingOf(field, was, wasPersonal(pointer)) ?? (remasked && isMaskedStill(field, was) ? "its masked form changed" : undefined);
    return detail === undefined ? [] : [{ pointer, detail }];
  });
}

function openingOf({ lgpdClass, level }: ShownField, was: ShownField | undefined, wasPersonal: boolean): string | undefined {
  const isPersonal = !isPublishableClass(lgpdClass);
  const from = was?.level ?? "none";
  if (isRaised(from, level)) return isPersonal || wasPersonal ? `${from} became ${level}` : undefined;
  const isDeclassed = was !== undefined && level !== "none" && !isPersonal && !isPublishableClass(was.lgpdClass);
  return isDeclassed ? `the class ${was.lgpdClass} became ${lgpdClass}` : undefined;
}

function isMaskedStill(field: ShownField, was: ShownField | undefined): boolean {
  return field.level === "masked" && was?.level === "masked";
}

/** By field, what the gateway reads to choose a masked form. */
function masksOf(schema: unknown): Map<string, string> {
  return new Map(
    schemaFields(schema).map((field) => {
      const { "x-lgpd": lgpdClass, "x-mask": mask, "x-ref": ref, format } = field.schema;
      return [field.pointer, JSON.stringify([lgpdClass, mask, ref, format])];
    }),
  );
}

/** Whether the new answer or request names fewer of the objects that a scope is checked by, or places otherwise. */
function isScopeLoosened(old: TargetSource, now: TargetSource): boolean {
  const [was, is] = [objectTargets(old), objectTargets(now)];
  if (was.free) return false;
  const keeps = (["parameters", "body", "answered"] as const).every((part) => was[part].every((name) => is[part].includes(name)));
  return is.free || !keeps || JSON.stringify(was.places) !== JSON.stringify(is.places);
}
