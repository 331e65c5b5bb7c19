/** Finds the operation of a method and a path. Exact: case, trailing slash and every segment count. */
export type RouteTable<T> = {
  find(method: string, path: string): RouteMatch<T> | undefined;
};

/** `values` are the raw path segments that stood where the template has parameters, in template order. */
export type RouteMatch<T> = { route: T; values: string[] };

type Node<T> = { statics: Map<string, Node<T>>; parameter: Node<T> | undefined; routes: Map<string, T> };

const parameterSegment = /^\{[^{}]+\}$/;

/** A segment trie. A static segment wins over a parameter; a dead end under it falls back to the parameter. */
export function createRouteTable<T>(routes: Iterable<{ method: string; path: string; route: T }>): RouteTable<T> {
  const root = createNode<T>();
  for (const { method, path, route } of routes) place(root, path.split("/").slice(1)).routes.set(method, route);
  return {
    find(method, path) {
      const segments = path.split("/").slice(1);
      const values: string[] = [];
      const route = search(root, segments, { method, values, at: 0 });
      return route === undefined ? undefined : { route, values };
    },
  };
}

function createNode<T>(): Node<T> {
  return { statics: new Map(), parameter: undefined, routes: new Map() };
}

function place<T>(root: Node<T>, segments: string[]): Node<T> {
  let node = root;
  for (const segment of segments) {
    if (parameterSegment.test(segment)) node = node.parameter ??= createNode<T>();
    else {
      const next = node.statics.get(segment) ?? createNode<T>();
      node.statics.set(segment, next);
      node = next;
    }
  }
  return node;
}

function search<T>(node: Node<T>, segments: string[], place: { method: string; values: string[]; at: number }): T | undefined {
  const segment = segments[place.at];
  if (segment === undefined) return node.routes.get(place.method);
  const next = { ...place, at: place.at + 1 };
  const fixed = node.statics.get(segment);
  const found = fixed === undefined ? undefined : search(fixed, segments, next);
  if (found !== undefined || node.parameter === undefined || segment === "") return found;
  place.values.push(segment);
  const below = search(node.parameter, segments, next);
  if (below === undefined) place.values.pop();
  return below;
}
