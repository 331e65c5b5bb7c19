/** Ascending, disjoint ranges of whole numbers, both ends included. */
export type Ranges = readonly (readonly [from: number, to: number])[];

/** The ranges that single numbers and ranges make together. */
export function mergeRanges(numbers: readonly number[], ranges: Ranges): Ranges {
  const all = [...numbers.map((value) => [value, value] as const), ...ranges].toSorted((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [from, to] of all) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** Whether every number of `inner` is one of `outer`; both merged. */
export function liesWithin(inner: Ranges, outer: Ranges): boolean {
  let index = 0;
  return inner.every(([from, to]) => {
    while ((outer[index]?.[1] ?? Number.POSITIVE_INFINITY) < from) index += 1;
    const around = outer[index];
    return around !== undefined && around[0] <= from && to <= around[1];
  });
}
