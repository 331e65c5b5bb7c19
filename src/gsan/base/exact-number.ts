declare global {
  /** In every supported Node (24 and later); TypeScript's library does not describe it yet. */
  interface JSON {
    rawJSON(text: string): unknown;
  }
}

/**
 * A decimal text as a JSON number literal, byte for byte ("85.40" stays 85.40): money never passes a float.
 * Throws SyntaxError when the text is no JSON number.
 */
export function exactNumber(decimal: string): unknown {
  return JSON.rawJSON(decimal);
}
