import type { Limit } from "./gcra.ts";

/** A part of the line 0..lineLength that all limits are laid out on; `from` belongs to it, `to` does not. */
export type Range = { readonly from: number; readonly to: number };

/** Divides evenly by every number of nodes up to ten. */
export const lineLength = 5040;

export const wholeLine: Range = { from: 0, to: lineLength };
export const noRange: Range = { from: 0, to: 0 };

export type Holding = { nodeId: string; range: Range };

export function isEmpty(range: Range): boolean {
  return range.from >= range.to;
}

/** What a node may hold in the end: the line in equal parts, in the order of the nodes' ids. */
export function targetOf(nodeId: string, others: readonly Holding[]): Range {
  const rank = others.filter((other) => other.nodeId < nodeId).length;
  const nodes = others.length + 1;
  return { from: Math.floor((lineLength * rank) / nodes), to: Math.floor((lineLength * (rank + 1)) / nodes) };
}

export function overlap(a: Range, b: Range): Range {
  const range = { from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) };
  return isEmpty(range) ? noRange : range;
}

/** What a node holds next: of its target all that nobody else holds and that joins what it keeps. */
export function nextRange(kept: Range, target: Range, others: readonly Holding[]): Range {
  const gaps = gapsIn(target, others);
  if (!isEmpty(kept)) return gaps.find((gap) => gap.from <= kept.from && kept.to <= gap.to) ?? kept;
  return gaps.reduce((largest, gap) => (gap.to - gap.from > largest.to - largest.from ? gap : largest), noRange);
}

function gapsIn(target: Range, others: readonly Holding[]): Range[] {
  const taken = others
    .map((other) => overlap(other.range, target))
    .filter((range) => !isEmpty(range))
    .toSorted((a, b) => a.from - b.from);
  const gaps: Range[] = [];
  let from = target.from;
  for (const range of taken) {
    if (from < range.from) gaps.push({ from, to: range.from });
    from = Math.max(from, range.to);
  }
  if (from < target.to) gaps.push({ from, to: target.to });
  return gaps;
}

/**
 * The part of a limit that lies in a range. The calls of its burst are points spread evenly over the line, shifted by the
 * key, so that ranges which do not overlap never count one twice and small bursts do not all fall to one node.
 */
export function limitIn(range: Range, limit: Limit, shift: number): Limit {
  if (range.from === 0 && range.to === lineLength) return limit;
  const burst = pointsBefore(range.to, limit.burst, shift) - pointsBefore(range.from, limit.burst, shift);
  return { burst, rateMilli: Math.floor((limit.rateMilli * burst) / limit.burst) };
}

/** Points at (k x lineLength + shift) / burst, k = 0 .. burst - 1. */
function pointsBefore(end: number, burst: number, shift: number): number {
  return Math.max(0, Math.ceil((end * burst - shift) / lineLength));
}

/** 0 .. lineLength - 1 by the key (FNV-1a). */
export function shiftOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % lineLength;
}
