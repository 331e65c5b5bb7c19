export type BreakerSettings = {
  /** Time over which calls and failures are counted. */
  windowMs: number;
  /** Fewer calls in the window say nothing about its ratio. */
  minCalls: number;
  /** Opens at this share of failures... */
  failureRatio: number;
  /** ...or at so many failures one after the other, however few calls there are. */
  failuresInRow: number;
  /** How long it stays open at first; doubled by each failed probe, up to the most. */
  openMs: number;
  maxOpenMs: number;
};

type Count = { calls: number; failures: number };

/**
 * The circuit breaker of one target: closed (calls pass), open (none does), half-open (one probe at a time). A small state
 * machine without a clock of its own; its window is two halves, so it holds a fixed amount of memory.
 */
export type Breaker = {
  state: "closed" | "open" | "half-open";
  /** Counts changes of state: what a call of an earlier era reports is old news. */
  era: number;
  halfStartMs: number;
  current: Count;
  before: Count;
  inRow: number;
  openUntilMs: number;
  openMs: number;
  probing: boolean;
};

export function closedBreaker(nowMs: number): Breaker {
  const count = (): Count => ({ calls: 0, failures: 0 });
  return {
    state: "closed",
    era: 0,
    halfStartMs: nowMs,
    current: count(),
    before: count(),
    inRow: 0,
    openUntilMs: 0,
    openMs: 0,
    probing: false,
  };
}

/** Whether a call may pass now. Changes nothing. */
export function admits(breaker: Breaker, nowMs: number): boolean {
  if (breaker.state === "closed") return true;
  return breaker.state === "open" ? nowMs >= breaker.openUntilMs : !breaker.probing;
}

/** Lets a call pass that it admits; the ticket goes back with the call's report. */
export function admit(breaker: Breaker): number {
  if (breaker.state === "open") move(breaker, "half-open");
  if (breaker.state === "half-open") breaker.probing = true;
  return breaker.era;
}

/** How a call ended. */
export function report(breaker: Breaker, settings: BreakerSettings, end: { ticket: number; failed: boolean; nowMs: number }): void {
  if (end.ticket !== breaker.era) return;
  if (breaker.state === "half-open") {
    if (end.failed) open(breaker, end.nowMs, Math.min(breaker.openMs * 2, settings.maxOpenMs));
    else close(breaker, end.nowMs);
    return;
  }
  count(breaker, settings, end);
  if (end.failed && trips(breaker, settings)) open(breaker, end.nowMs, Math.min(settings.openMs, settings.maxOpenMs));
}

/** Milliseconds after which trying again may help. */
export function waitMs(breaker: Breaker, nowMs: number): number {
  if (breaker.state === "closed") return 0;
  return breaker.state === "open" ? Math.max(0, breaker.openUntilMs - nowMs) : breaker.openMs;
}

function count(breaker: Breaker, settings: BreakerSettings, end: { failed: boolean; nowMs: number }): void {
  const half = settings.windowMs / 2;
  const passed = end.nowMs - breaker.halfStartMs;
  if (passed >= half) {
    breaker.before = passed < settings.windowMs ? breaker.current : { calls: 0, failures: 0 };
    breaker.current = { calls: 0, failures: 0 };
    breaker.halfStartMs = end.nowMs;
  }
  breaker.current.calls += 1;
  if (end.failed) breaker.current.failures += 1;
  breaker.inRow = end.failed ? breaker.inRow + 1 : 0;
}

function trips({ current, before, inRow }: Breaker, settings: BreakerSettings): boolean {
  if (inRow >= settings.failuresInRow) return true;
  const calls = current.calls + before.calls;
  return calls >= settings.minCalls && current.failures + before.failures >= settings.failureRatio * calls;
}

function open(breaker: Breaker, nowMs: number, openMs: number): void {
  move(breaker, "open");
  breaker.openMs = openMs;
  breaker.openUntilMs = nowMs + openMs;
}

function close(breaker: Breaker, nowMs: number): void {
  move(breaker, "closed");
  breaker.halfStartMs = nowMs;
  breaker.current = { calls: 0, failures: 0 };
  breaker.before = { calls: 0, failures: 0 };
  breaker.inRow = 0;
}

function move(breaker: Breaker, state: Breaker["state"]): void {
  breaker.state = state;
  breaker.era += 1;
  breaker.probing = false;
}
