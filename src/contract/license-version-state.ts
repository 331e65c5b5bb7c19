import Type, { type Static } from "typebox";

/**
 * The way of a version: draft -> submitted -> approved -> published -> superseded by the next. `refused` is a draft
 * again, with the reason; `withdrawn` was given up before it was published.
 */
export const LicenseVersionState = Type.Enum(["draft", "submitted", "refused", "approved", "published", "superseded", "withdrawn"]);
export type LicenseVersionState = Static<typeof LicenseVersionState>;
