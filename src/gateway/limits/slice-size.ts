/** Most calls that one node holds of a quota without having served them. */
export const largestSlice = 1_000;

/** How many of the calls left a node takes at once: a thirty-second, so that the last ones reach whichever node is asked. */
export function sliceOf(left: number): number {
  if (left <= 0) return 0;
  return Math.min(largestSlice, Math.ceil(left / 32));
}
