import type { Metrics } from "../platform/metrics.ts";
import type { Journal } from "./journal.ts";

/** How full the journal is; at 1 calls are refused. */
export function readJournalUse(metrics: Metrics, journal: Pick<Journal, "use">): void {
  metrics.read("gauge", "aqueduto_journal_used_ratio", "Share of the audit journal's bound that is in use.", () => {
    const { usedBytes, maxBytes } = journal.use();
    return usedBytes / maxBytes;
  });
}
