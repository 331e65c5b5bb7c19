import type { SignatureClaim } from "./parse-signature.ts";

/** What is signed (RFC 9421 2.5): a line for each component, then the parameters. Undefined when one has no value here. */
export function signatureBase(claim: SignatureClaim, valueOf: (component: string) => string | undefined): string | undefined {
  let base = "";
  for (const component of claim.components) {
    const value = valueOf(component);
    if (value === undefined) return undefined;
    base += `"${component}": ${value}\n`;
  }
  return `${base}"@signature-params": ${claim.params}`;
}
