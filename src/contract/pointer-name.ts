const plainName = /^[A-Za-z_][A-Za-z0-9_-]{0,39}$/;

/**
 * The last step of an error's pointer, `/name`, for a property name that a caller may have made up. Empty where the name
 * is no plain word: it may be a document, an address or a token, which never stand in an error's text.
 */
export function pointerName(name: string): string {
  return plainName.test(name) && !/[0-9]{5}/.test(name) ? `/${name}` : "";
}
