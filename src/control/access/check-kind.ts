import type { NewAccess } from "../../contract/access.ts";
import { AppError } from "../../contract/errors.ts";
import { effectiveLevel, isLgpdClass, isPublishableClass } from "../../contract/lgpd.ts";

/** What a license opens, as far as the kind of an access depends on it. */
export type Opened = {
  operations: readonly { operation_id: string; projection: Readonly<Record<string, string>> }[];
  /** Operations of the license that are not marked publishable. */
  unpublishable: readonly string[];
};

/** An access as it is or would be, with what its license opens. */
export type KindCheck = Opened & {
  kind: NewAccess["kind"];
  mode: NewAccess["mode"];
  cidrs: readonly string[];
  origins: readonly string[];
  /** It has a client certificate or a signature key, which the gateway holds each call against. */
  storedFactor?: boolean;
};

/** Which field of an access breaks which rule. */
export type KindFault = { field: "kind" | "cidrs" | "origins"; detail: string };

/**
 * What the kind of an access does not allow. A publishable one names its origins and, live, reaches publishable
 * operations alone, of which none may show a personal class. A confidential one has no origins and, live, has a second
 * factor (networks, certificate or signature key) as soon as its license shows any personal class. A test access meets the
 * sandbox only, so it may reach any operation from anywhere.
 */
export function kindFault(check: KindCheck): KindFault | undefined {
  return check.kind === "publishable" ? publishableFault(check) : confidentialFault(check);
}

/** Refuses (`invalid-field`) what kindFault finds. */
export function checkKind(check: KindCheck): void {
  const fault = kindFault(check);
  if (fault !== undefined) throw new AppError("invalid-field", fault.detail, { pointer: `/body/${fault.field}` });
}

function publishableFault(check: KindCheck): KindFault | undefined {
  if (check.origins.length === 0) return { field: "origins", detail: "a publishable access names the web origins it may call from" };
  if (check.mode !== "live") return undefined;
  if (check.unpublishable.length > 0) {
    return {
      field: "kind",
      detail: `the license holds operations that are not publishable: ${check.unpublishable.slice(0, 5).join(", ")}`,
    };
  }
  const personal = check.operations.find((operation) => showsPersonal(operation.projection));
  if (personal === undefined) return undefined;
  return { field: "kind", detail: `the license shows personal data of ${personal.operation_id}, which a publishable access may not` };
}

function confidentialFault(check: KindCheck): KindFault | undefined {
  if (check.origins.length > 0) return { field: "origins", detail: "only a publishable access has origins" };
  if (check.mode !== "live" || check.cidrs.length > 0 || check.storedFactor === true) return undefined;
  if (!check.operations.some((operation) => showsPersonal(operation.projection))) return undefined;
  return {
    field: "cidrs",
    detail: "the license shows personal data: a confidential access names networks, a client certificate or a signature key",
  };
}

/** Whether a projection shows any class that is personal. */
export function showsPersonal(projection: Readonly<Record<string, string>>): boolean {
  return Object.keys(projection).some(
    (name) => isLgpdClass(name) && !isPublishableClass(name) && effectiveLevel(name, projection) !== "none",
  );
}
