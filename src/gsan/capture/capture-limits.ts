/** Sizes and spans of the passes. The defaults fit a utility of 2.5 million properties (75,000 payments a day). */
export type CaptureLimits = {
  /** The fast pass reads ids above the mark noted at least this long ago. */
  nearMs: number;
  /** The overlap pass reads ids above the mark noted at least this long ago. */
  overlapMs: number;
  /** The daily reconciliation compares ids above the mark of this age; closed payments below it are pruned. */
  retentionMs: number;
  /** Least time between two noted marks. */
  markEveryMs: number;
  /** Ids per page when only ids are read. */
  scanPage: number;
  /** Payments per emitting transaction. */
  emitPage: number;
  /** Watched payments per page of the absence pass. */
  watchPage: number;
  /** Watched payments older than the overlap mark that one absence pass looks at; it goes round all of them. */
  watchSlice: number;
  /** Ids below the top that the overlap pass reads while no mark is old enough; marked in one look at registration. */
  overlapWindow: number;
  /** The same for the fast pass. */
  nearWindow: number;
  /** Pages of deeper history that the baseline marks between two passes. */
  baselinePages: number;
  /** A pass ends here at a page boundary, so that its snapshot does not hold back vacuum or a replica. */
  passMs: number;
  /** Held payments older than this are reported as an error. */
  heldAlarmMs: number;
};

const hourMs = 3_600_000;

export const defaultLimits: CaptureLimits = {
  nearMs: 60_000,
  overlapMs: 48 * hourMs,
  retentionMs: 35 * 24 * hourMs,
  markEveryMs: 15_000,
  scanPage: 10_000,
  emitPage: 500,
  watchPage: 5_000,
  watchSlice: 50_000,
  overlapWindow: 1_000_000,
  nearWindow: 20_000,
  baselinePages: 50,
  passMs: 30_000,
  heldAlarmMs: 24 * hourMs,
};
