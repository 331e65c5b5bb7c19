import type { Clock } from "../../platform/clock.ts";
import type { Outcome } from "../audit/call-record.ts";
import type { Call } from "../call.ts";

/** Told of each call when its answer stands. Must not throw. */
export type CallObserver = (call: Call, outcome: Outcome, durationMs: number) => void;

/** One clock reading for all who watch; undefined when nobody does. */
export function observeCalls(observers: readonly CallObserver[], clock: Clock): ((call: Call, outcome: Outcome) => void) | undefined {
  if (observers.length === 0) return undefined;
  return (call, outcome) => {
    const durationMs = clock.monotonicMs() - call.startedMs;
    for (const observer of observers) observer(call, outcome, durationMs);
  };
}
