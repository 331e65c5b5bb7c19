/**
 * Classes of personal data (`x-lgpd` on every field of an operation's schemas) and what a license may show of each.
 * A field without a class is dropped, and its operation cannot be published.
 */
export const lgpdClasses = [
  "none",
  "technical",
  "indirect",
  "identity",
  "contact",
  "address",
  "financial",
  "consumption",
  "employee",
  "vulnerability",
  "sensitive",
  "never",
] as const;

export type LgpdClass = (typeof lgpdClasses)[number];

/** How much of a class is shown; the order of strength is none < masked < full. */
export type ProjectionLevel = "none" | "masked" | "full";

const alwaysFull: ReadonlySet<LgpdClass> = new Set(["none", "technical"]);
const notGrantable: ReadonlySet<LgpdClass> = new Set(["vulnerability", "sensitive", "never"]);
const withMask: ReadonlySet<LgpdClass> = new Set(["indirect", "identity", "contact", "address"]);

export function isLgpdClass(value: unknown): value is LgpdClass {
  return lgpdClasses.some((known) => known === value);
}

/** Classes that a license may name: neither the free ones (always full) nor those that no license opens. */
export function isGrantable(lgpdClass: LgpdClass): boolean {
  return !alwaysFull.has(lgpdClass) && !notGrantable.has(lgpdClass);
}

/** Classes whose masked form still shows something; the masked form of every other class is the dropped field. */
export function hasMaskedForm(lgpdClass: LgpdClass): boolean {
  return withMask.has(lgpdClass);
}

const bodyOnly: ReadonlySet<LgpdClass> = new Set(["identity", "contact", "address", "employee", "vulnerability", "sensitive", "never"]);

/** Classes whose values may stand in a path or query: URLs end up in logs, histories and referrers that nobody controls. */
export function mayStandInUrl(lgpdClass: LgpdClass): boolean {
  return !bodyOnly.has(lgpdClass);
}

/** Classes that a publishable access may show. */
export function isPublishableClass(lgpdClass: LgpdClass): boolean {
  return alwaysFull.has(lgpdClass);
}

/**
 * What a license's projection shows of a class: free classes always, closed ones never, a class not named not at all,
 * and `masked` of a class without a masked form not at all.
 */
export function effectiveLevel(lgpdClass: LgpdClass, projection: Readonly<Record<string, unknown>>): ProjectionLevel {
  if (alwaysFull.has(lgpdClass)) return "full";
  if (notGrantable.has(lgpdClass)) return "none";
  const level = Object.hasOwn(projection, lgpdClass) ? projection[lgpdClass] : undefined;
  if (level === "full") return "full";
  return level === "masked" && withMask.has(lgpdClass) ? "masked" : "none";
}
