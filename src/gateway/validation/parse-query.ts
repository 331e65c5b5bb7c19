/**
 * Name and value pairs of a query string, percent-decoded once as UTF-8. `+` is a plus (RFC 3986, not a form). Undefined
 * when an escape is broken, a name is empty or comes twice: two readers of one URL must not see two requests.
 */
export function parseQuery(query: string): Map<string, string> | undefined {
  const pairs = new Map<string, string>();
  if (query === "") return pairs;
  for (const part of query.split("&")) {
    const cut = part.indexOf("=");
    const name = decodeText(cut < 0 ? part : part.slice(0, cut));
    const value = decodeText(cut < 0 ? "" : part.slice(cut + 1));
    if (name === undefined || name === "" || value === undefined || pairs.has(name)) return undefined;
    pairs.set(name, value);
  }
  return pairs;
}

/** Percent-decodes one component; undefined when it is not valid UTF-8 or holds a control character. */
export function decodeText(component: string): string | undefined {
  try {
    const text = decodeURIComponent(component);
    // eslint-disable-next-line no-control-regex -- finding control characters is the point
    return /[\u0000-\u001f\u007f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
