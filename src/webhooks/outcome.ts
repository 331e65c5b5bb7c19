import { nextDelayMs, parseRetryAfter } from "./schedule.ts";
import type { SendResult } from "./send.ts";

/** What one try decides about its delivery. */
export type Outcome =
  | { outcome: "delivered" }
  | { outcome: "retry"; errorCode: string; delayMs: number }
  | { outcome: "dead"; errorCode: string }
  /** The receiver said 410: it wants nothing more, so its webhook is disabled. */
  | { outcome: "cancelled"; errorCode: "gone" };

export type RetryRules = { schedule?: readonly number[]; random: () => number };

/** 2xx is success, 410 ends it, everything else (3xx too: redirects are not followed) is tried again by the schedule. */
export function outcomeOf(result: SendResult, triesMade: number, rules: RetryRules): Outcome {
  const { status } = result;
  if (status !== undefined && status >= 200 && status < 300) return { outcome: "delivered" };
  if (status === 410) return { outcome: "cancelled", errorCode: "gone" };
  const errorCode = status === undefined ? (result.errorCode ?? "send-failed") : statusCode(status);
  const retryAfterMs = parseRetryAfter(result.retryAfter, result.startedAt);
  const delayMs = nextDelayMs(triesMade, { ...rules, retryAfterMs });
  return delayMs === undefined ? { outcome: "dead", errorCode } : { outcome: "retry", errorCode, delayMs };
}

function statusCode(status: number): string {
  if (status >= 300 && status < 400) return "redirect-refused";
  return status === 429 ? "receiver-throttles" : `status-${status}`;
}

const excerptCharacters = 1024;

/**
 * The beginning of an answer as it may be kept and shown: printable, without signing secrets or tokens that a
 * receiver might echo.
 */
export function excerptOf(answer: string): string {
  return answer
    .slice(0, excerptCharacters)
    .replace(/(whsec_|aq_live_|aq_test_|aqk_)[\w+/=-]*/g, "$1[redacted]")
    .slice(0, excerptCharacters)
    .replace(/(?![\t\n])\p{Cc}/gu, "\uFFFD")
    .toWellFormed();
}
