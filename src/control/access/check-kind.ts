import type { NewAccess } from "../../contract/access.ts";
import { AppError } from "../../contract/errors.ts";
import { effectiveLevel, isLgpdClass, isPublishableClass } from "../../contract/lgpd.ts";
import type { License } from "../../contract/license.ts";

/** An access about to be created, with what its license opens. */
export type KindCheck = {
  kind: NewAccess["kind"];
  mode: NewAccess["mode"];
  cidrs: readonly string[];
  origins: readonly string[];
  operations: License["operations"];
  /** Operations of the license that are not marked publishable. */
  unpublishable: readonly string[];
};

/**
 * Refuses (`invalid-field`) an access that its kind does not allow. A publishable one names its origins and, live,
 * reaches publishable operations alone. A confidential one has no origins and, live, is bound to networks as soon as
 * its license shows any personal class. A test access meets the sandbox only, so it may reach any operation from anywhere.
 */
export function checkKind(check: KindCheck): void {
  if (check.kind === "publishable") checkPublishable(check);
  else checkConfidential(check);
}

function checkPublishable(check: KindCheck): void {
  if (check.origins.length === 0) refuse("/body/origins", "a publishable access names the web origins it may call from");
  if (check.mode === "live" && check.unpublishable.length > 0) {
    refuse("/body/kind", `the license holds operations that are not publishable: ${check.unpublishable.slice(0, 5).join(", ")}`);
  }
}

function checkConfidential(check: KindCheck): void {
  if (check.origins.length > 0) refuse("/body/origins", "only a publishable access has origins");
  if (check.mode === "live" && check.cidrs.length === 0 && check.operations.some((operation) => showsPersonal(operation.projection))) {
    refuse("/body/cidrs", "the license shows personal data: a confidential access names the networks it may call from");
  }
}

function showsPersonal(projection: Readonly<Record<string, string>>): boolean {
  return Object.keys(projection).some(
    (name) => isLgpdClass(name) && !isPublishableClass(name) && effectiveLevel(name, projection) !== "none",
  );
}

function refuse(pointer: string, detail: string): never {
  throw new AppError("invalid-field", detail, { pointer });
}
