import { isParameter } from "./path-template.ts";

/** Path templates of one method, searched for those that are ambiguous with another. */
export type PathIndex = {
  add(path: string): void;
  /** One of the paths added that is ambiguous with `path`. */
  clashing(path: string): string | undefined;
};

type Node = { exact: Map<string, Node>; parameter: Node | undefined; path: string | undefined };
/** Whether the path searched, and the one found, has an exact segment where the other has a parameter. */
type Exact = { searched: boolean; found: boolean };

/**
 * Two templates are ambiguous when some request path matches both and neither is the more exact one at every segment:
 * `/a/{x}` beside `/a/b` is fine (the exact one wins), `/a/{x}` beside `/a/{y}`, or `/a/{x}/c` beside `/a/b/{y}`, is not.
 * Kept as a tree of segments, so that a search does not look at every path.
 */
export function createPathIndex(paths: readonly string[] = []): PathIndex {
  const root = emptyNode();
  for (const path of paths) addPath(root, path);
  return {
    add: (path) => addPath(root, path),
    clashing: (path) => search(root, path.split("/"), { searched: false, found: false }),
  };
}

function emptyNode(): Node {
  return { exact: new Map(), parameter: undefined, path: undefined };
}

function addPath(root: Node, path: string): void {
  let node = root;
  for (const segment of path.split("/")) node = isParameter(segment) ? (node.parameter ??= emptyNode()) : exactChild(node, segment);
  node.path ??= path;
}

function exactChild(node: Node, segment: string): Node {
  const known = node.exact.get(segment);
  if (known !== undefined) return known;
  const made = emptyNode();
  node.exact.set(segment, made);
  return made;
}

function search(node: Node, [segment, ...rest]: string[], exact: Exact): string | undefined {
  if (segment === undefined) return exact.searched === exact.found ? node.path : undefined;
  const isOpen = isParameter(segment);
  const other = isOpen ? [...node.exact.values()] : [node.exact.get(segment)];
  const fromParameter =
    node.parameter === undefined ? undefined : search(node.parameter, rest, isOpen ? exact : { ...exact, searched: true });
  if (fromParameter !== undefined) return fromParameter;
  for (const next of other) {
    const found = next === undefined ? undefined : search(next, rest, isOpen ? { ...exact, found: true } : exact);
    if (found !== undefined) return found;
  }
  return undefined;
}
