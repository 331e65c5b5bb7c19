import type { Counter, Histogram, Metrics } from "../../platform/metrics.ts";
import type { CallObserver } from "./call-observer.ts";

/** Seconds: half a millisecond to ten seconds. */
const bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const classes = ["0xx", "1xx", "2xx", "3xx", "4xx", "5xx"];
/** Past these everything new is `other`, so that no policy, however large, makes the metrics grow without bound. */
const mostOperations = 500;
const mostClauses = 200;

const calls = { name: "aqueduto_requests_total", help: "Answered calls by operation and status class." };
const durations = { name: "aqueduto_request_duration_seconds", help: "From the first byte of a call to its answer.", bounds };
const refusals = { name: "aqueduto_refusals_total", help: "Refused calls by code and by the clause that refused." };

type Series = { byClass: (Counter | undefined)[]; duration: Histogram };

/**
 * Counts calls by operation id (`none` for those that no operation was found for), class of status, code and clause: words
 * of the policy and of the program alone.
 */
export function countCalls(metrics: Metrics): CallObserver {
  const operations = new Map<string, Series>();
  const clauses = new Map<string, Counter>();

  function seriesOf(operation: string): Series {
    const found = operations.get(operation);
    if (found !== undefined) return found;
    if (operations.size >= mostOperations && operation !== "other") return seriesOf("other");
    const made = { byClass: [], duration: metrics.histogram(durations, { operation }) };
    operations.set(operation, made);
    return made;
  }

  function refusalOf(code: string, clause: string): Counter {
    const key = `${code} ${clause}`;
    const found = clauses.get(key);
    if (found !== undefined) return found;
    if (clauses.size >= mostClauses && clause !== "other") return refusalOf(code, "other");
    const made = metrics.counter(refusals.name, refusals.help, { code, clause });
    clauses.set(key, made);
    return made;
  }

  return (call, { status, code, clause }, durationMs) => {
    const operation = call.seen.operation?.operationId ?? "none";
    const series = seriesOf(operation);
    const at = Math.floor(status / 100);
    const counter = (series.byClass[at] ??= metrics.counter(calls.name, calls.help, {
      operation: operations.has(operation) ? operation : "other",
      class: classes[at] ?? "0xx",
    }));
    counter.value += 1;
    series.duration.observe(durationMs / 1000);
    if (code !== "ok") refusalOf(code, clause ?? code).value += 1;
  };
}
