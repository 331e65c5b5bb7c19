import fc from "fast-check";
import { expect, test } from "vitest";
import { createPathIndex } from "./path-index.ts";

test.each([
  ["/a/{x}", "/a/{y}", true],
  ["/a/b", "/a/b", true],
  ["/a/{x}/c", "/a/b/{y}", true],
  ["/a/{x}", "/a/b", false],
  ["/a/{x}/c", "/a/{y}/d", false],
  ["/a/{x}", "/a/{x}/c", false],
  ["/a/b/{y}", "/a/{x}/{z}", false],
])("%s beside %s is ambiguous: %s", (one, two, ambiguous) => {
  expect(createPathIndex([two]).clashing(one)).toBe(ambiguous ? two : undefined);
  expect(createPathIndex([one]).clashing(two)).toBe(ambiguous ? one : undefined);
});

/** The definition, two paths at a time. */
function isAmbiguous(left: string, right: string): boolean {
  const [one, two] = [left.split("/"), right.split("/")];
  const open = (segment: string | undefined) => segment?.startsWith("{") === true;
  if (one.length !== two.length) return false;
  if (one.some((segment, at) => !open(segment) && !open(two[at]) && segment !== two[at])) return false;
  const moreExact = (a: string[], b: string[]) => a.some((segment, at) => !open(segment) && open(b[at]));
  return moreExact(one, two) === moreExact(two, one);
}

test("a search finds an ambiguous path exactly where comparing with each would", () => {
  const segments = fc.array(fc.constantFrom("a", "b", "{x}"), { minLength: 1, maxLength: 4 });
  const paths = segments.map((parts) => `/${parts.join("/")}`);
  fc.assert(
    fc.property(fc.array(paths, { maxLength: 12 }), paths, (others, path) => {
      const found = createPathIndex(others).clashing(path);
      expect(found === undefined).toBe(!others.some((other) => isAmbiguous(path, other)));
      if (found !== undefined) expect(isAmbiguous(path, found)).toBe(true);
    }),
  );
});
