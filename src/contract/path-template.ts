const segmentForm = /^(?:[A-Za-z0-9._~-]+|\{[A-Za-z][A-Za-z0-9_]*\})$/;

/** What is wrong with an OpenAPI path template, or undefined: plain segments, a parameter fills a whole segment. */
export function checkPath(path: string): string | undefined {
  const segments = path.split("/").slice(1);
  if (!path.startsWith("/") || path.length > 500) return "a path begins with / and has at most 500 characters";
  const plain = segments.every((segment) => segmentForm.test(segment) && segment !== "." && segment !== "..");
  if (!plain) return "a path segment is letters, digits, . _ ~ - or one {parameter}";
  return new Set(pathParameters(path)).size === pathParameters(path).length ? undefined : "a parameter stands twice in the path";
}

/** Names of the parameters of a path template, in order. */
export function pathParameters(path: string): string[] {
  return path
    .split("/")
    .filter(isParameter)
    .map((segment) => segment.slice(1, -1));
}

function isParameter(segment: string): boolean {
  return segment.startsWith("{");
}

/**
 * The first of `others` that is ambiguous with `path`. Two templates are ambiguous when some request path matches both
 * and neither is the more exact one at every segment: `/a/{x}` beside `/a/b` is fine (the exact one wins), `/a/{x}`
 * beside `/a/{y}`, or `/a/{x}/c` beside `/a/b/{y}`, is not.
 */
export function clashingPath(path: string, others: readonly string[]): string | undefined {
  return others.find((other) => isAmbiguous(path.split("/"), other.split("/")));
}

function isAmbiguous(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  let leftExact = false;
  let rightExact = false;
  for (const [index, one] of left.entries()) {
    const two = right[index] ?? "";
    if (isParameter(one) !== isParameter(two)) {
      leftExact ||= isParameter(two);
      rightExact ||= isParameter(one);
    } else if (one !== two && !isParameter(one)) return false;
  }
  return leftExact === rightExact;
}
