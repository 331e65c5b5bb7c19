import { admit, report } from "./breaker.ts";
import { chooseTarget, whyNone, type TargetState } from "./choose-target.ts";
import { payIn, takeRetry } from "./retry-budget.ts";
import { createTargetBook, type TargetGroup } from "./target-book.ts";
import { UpstreamFailure, type UpstreamAnswer, type UpstreamClient, type UpstreamRequest } from "./upstream-client.ts";
import type { UpstreamSettings } from "./upstream-settings.ts";

/** A call to one of a group's targets; `timeoutMs` is for all tries together. Its headers get `aqueduto-deadline-ms`. */
export type UpstreamCall = Omit<UpstreamRequest, "origin">;

/** Nothing was sent: every target is cut off, or has as many calls as it may. */
export class UpstreamUnavailable extends Error {
  readonly reason: "circuit-open" | "queue-full";
  readonly retryAfterMs: number;

  constructor({ reason, retryAfterMs }: { reason: UpstreamUnavailable["reason"]; retryAfterMs: number }) {
    super(`upstream: ${reason}`);
    this.name = "UpstreamUnavailable";
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

export type Upstreams = {
  /** One answer. Rejects with UpstreamFailure or UpstreamUnavailable. */
  send(group: TargetGroup, call: UpstreamCall): Promise<UpstreamAnswer>;
  /** Which targets (`targetKey`) the health checks call down; replaces what was said before. */
  markDown(keys: ReadonlySet<string>): void;
  /** Every target that was used, as it stands. */
  targets(): readonly Readonly<TargetState>[];
  /** Forgets targets, and closes connections to origins, that the policy no longer names. */
  retain(origins: ReadonlySet<string>): void;
  close(): Promise<void>;
};

/**
 * Methods that are sent again after a failure. PUT and DELETE are idempotent too (RFC 9110, 9.2.2), but an old service
 * behind may not know it: a second DELETE that answers 404 would hide that the first one worked.
 */
const repeatable: ReadonlySet<string> = new Set(["GET", "HEAD"]);
const maxTries = 3;
const failedStatuses: ReadonlySet<number> = new Set([502, 503, 504]);

/** Spreads calls over the targets of services, with a breaker for each target and a retry budget for each service. */
export function createUpstreams(client: UpstreamClient, now: () => number = () => performance.now()): Upstreams {
  const book = createTargetBook(now);

  async function attempt(target: TargetState, settings: UpstreamSettings, request: UpstreamRequest): Promise<UpstreamAnswer> {
    const ticket = admit(target.breaker);
    let failed = true;
    target.pending += 1;
    try {
      const answer = await client.send(request);
      failed = failedStatuses.has(answer.status);
      return answer;
    } catch (error) {
      // it answered, only too much
      failed = !(error instanceof UpstreamFailure && error.kind === "too-large");
      throw error;
    } finally {
      target.pending -= 1;
      report(target.breaker, settings, { ticket, failed, nowMs: now() });
    }
  }

  async function send(group: TargetGroup, call: UpstreamCall): Promise<UpstreamAnswer> {
    const { settings } = group;
    const state = book.of(group);
    const mayRepeat = repeatable.has(call.method);
    let nowMs = now();
    const deadlineMs = nowMs + call.timeoutMs;
    payIn(state.budget, settings);
    let failed: TargetState | undefined;
    let failure: unknown;
    for (let tries = 1; ; tries += 1) {
      state.turn = (state.turn + 1) % state.targets.length;
      const by = { nowMs, turn: state.turn, maxPending: settings.maxPending, repeatable: mayRepeat, failed };
      const target = chooseTarget(state.targets, by);
      if (target === undefined) throw failure ?? new UpstreamUnavailable(whyNone(state.targets, nowMs));
      // the sum above may be a little more than its parts
      const leftMs = Math.min(call.timeoutMs, Math.ceil(deadlineMs - nowMs));
      call.headers["aqueduto-deadline-ms"] = String(leftMs);
      try {
        return await attempt(target, settings, { ...call, origin: target.origin, timeoutMs: leftMs });
      } catch (error) {
        nowMs = now();
        const again = mayRepeat && tries < maxTries && nowMs < deadlineMs && isBeforeFirstByte(error);
        if (!again || !takeRetry(state.budget, settings, nowMs)) throw error;
        failed = target;
        failure = error;
      }
    }
  }

  return {
    send,
    markDown: (keys) => book.markDown(keys),
    targets: () => book.all(),
    retain(origins) {
      book.retain(origins);
      client.retain(origins);
    },
    close: () => client.close(),
  };
}

/** Nobody there, or the connection broke with no byte of an answer on it. */
function isBeforeFirstByte(error: unknown): boolean {
  return error instanceof UpstreamFailure && (error.kind === "connect" || (error.kind === "broken" && !error.answered));
}
