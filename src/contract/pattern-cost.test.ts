import fc from "fast-check";
import { expect, test } from "vitest";
import { maxSteps, patternFault, patternSteps } from "./pattern-cost.ts";

const once = (maxLength?: number) => ({ maxLength, times: 1 });

test.each([
  ["^[0-9]{11}$", undefined],
  ["^([0-9]{11}|[0-9A-Z]{12}[0-9]{2})$", undefined],
  ["^(\\d{1,3}\\.){3}\\d{1,3}$", undefined],
  ["^[^\\s@]+@[^\\s@]+$", 100],
  ["^[A-Za-z ]*$", 500],
  ["[0-9]{4}", 200],
  ["^(?<year>\\d{4})-\\p{L}\\u{1F600}?[\\]a]$", undefined],
  ["", 10],
])("%s with maxLength %j can be run on what partners send", (pattern, maxLength) => {
  expect(patternFault(pattern, once(maxLength))).toBeUndefined();
});

test.each([
  ["^(a+)+$", 100, "too long"],
  ["^(a|a)*$", 100, "too long"],
  ["^(a?){50}$", undefined, "too long"],
  ["^(.*a){12}$", 100, "too long"],
  ["^a*a*a*a*a*$", 200, "too long"],
  ["^[a-z]+$", undefined, "any time"],
  ["[0-9]{4}", undefined, "any time"],
  ["^(a)\\1$", 10, "refer back"],
  ["^(?<x>a)\\k<x>$", 10, "refer back"],
  ["^(?=a)a$", 10, "look around"],
  ["^(?<!a)a$", 10, "look around"],
  ["^a{1001}$", undefined, "at most 1000 rounds"],
  ["^(?:[a-z]{1000}){20}$", undefined, "written out"],
  ["(", 10, "no regular expression"],
  ["a".repeat(501), 10, "at most 500"],
])("%.40s with maxLength %j is refused: %s", (pattern, maxLength, detail) => {
  expect(patternFault(pattern, once(maxLength))).toContain(detail);
});

test("what may stand in one field may be too much for a list of them", () => {
  expect(patternFault("^[^@]+@[^@]+$", { maxLength: 100, times: 1 })).toBeUndefined();
  expect(patternFault("^[^@]+@[^@]+$", { maxLength: 100, times: 600 })).toContain("maxItems");
});

/** A pattern as a tree, so that the test can match it by plain backtracking and count. */
type Tree =
  | { kind: "char"; char: string }
  | { kind: "sequence"; parts: Tree[] }
  | { kind: "choice"; parts: Tree[] }
  | { kind: "repeat"; part: Tree; least: number; most: number | undefined };

const { tree: trees } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ kind: fc.constant("char" as const), char: fc.constantFrom("a", "b") }),
    fc.record({ kind: fc.constant("sequence" as const), parts: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ kind: fc.constant("choice" as const), parts: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }) }),
    fc.record({
      kind: fc.constant("repeat" as const),
      part: tie("tree"),
      least: fc.nat(2),
      most: fc.option(fc.integer({ min: 2, max: 4 }), { nil: undefined }),
    }),
  ),
}));

function written(tree: Tree): string {
  if (tree.kind === "char") return tree.char;
  if (tree.kind === "sequence") return `(?:${tree.parts.map(written).join("")})`;
  if (tree.kind === "choice") return `(?:${tree.parts.map(written).join("|")})`;
  return `(?:${written(tree.part)}){${tree.least},${tree.most ?? ""}}`;
}

/** Ends of all ways to match `tree` at `at`, in the order of backtracking; each character tried is counted. */
function* ends(tree: Tree, of: { text: string; tried: number }, at: number): Generator<number> {
  if (tree.kind === "char") {
    of.tried += 1;
    if (of.text[at] === tree.char) yield at + 1;
  } else if (tree.kind === "choice") {
    for (const part of tree.parts) yield* ends(part, of, at);
  } else if (tree.kind === "sequence") yield* inTurn(tree.parts, of, at);
  else yield* rounds(tree, of, { at, done: 0 });
}

function* inTurn([first, ...rest]: Tree[], of: { text: string; tried: number }, at: number): Generator<number> {
  if (first === undefined) yield at;
  else for (const end of ends(first, of, at)) yield* inTurn(rest, of, end);
}

function* rounds(
  tree: Extract<Tree, { kind: "repeat" }>,
  of: { text: string; tried: number },
  now: { at: number; done: number },
): Generator<number> {
  if (tree.most === undefined || now.done < tree.most) {
    for (const end of ends(tree.part, of, now.at)) {
      if (end === now.at && now.done >= tree.least) continue;
      yield* rounds(tree, of, { at: end, done: now.done + 1 });
    }
  }
  if (now.done >= tree.least) yield now.at;
}

test("no text makes a pattern that is taken try more characters than were counted", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 12 });
  fc.assert(
    fc.property(trees, texts, (tree, text) => {
      const use = { maxLength: text.length, times: 1 };
      const pattern = `^${written(tree)}$`;
      const most = patternSteps(pattern, use);
      if (most > 200_000) return;
      const of = { text, tried: 0 };
      for (const end of ends(tree, of, 0)) if (end === text.length) break;
      expect(of.tried).toBeLessThanOrEqual(most);
      expect(patternFault(pattern, use)).toBeUndefined();
      expect(most).toBeLessThanOrEqual(maxSteps);
    }),
    { numRuns: 2_000 },
  );
});
