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

/** Whether a segment of a path template is a parameter. */
export function isParameter(segment: string): boolean {
  return segment.startsWith("{");
}
