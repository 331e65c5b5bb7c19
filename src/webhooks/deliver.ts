import { eventType } from "../contract/event-types.ts";
import type { Clock } from "../platform/clock.ts";
import { newId } from "../platform/ids.ts";
import { deliveryBody, thinItem } from "./body.ts";
import type { Claimed } from "./claim.ts";
import type { DispatcherLease } from "./lease.ts";
import { excerptOf, outcomeOf, type RetryRules } from "./outcome.ts";
import type { SendResult, Sender } from "./send.ts";
import type { Settlement } from "./settle.ts";
import { signatureHeaders } from "./sign.ts";
import type { TargetCache } from "./target-cache.ts";
import { type Target, verdictOf } from "./target.ts";

export const userAgent = "Aqueduto-Webhooks/1";

export type DeliverOptions = { clock: Clock; cache: TargetCache; lease: DispatcherLease; sender: Sender; retry: RetryRules };

/**
 * One try of a claimed delivery: the license is tested again, the body signed with a new timestamp and sent. Returns what
 * becomes of the delivery, or undefined when this run's lease does not surely hold: another may be sending it by now.
 */
export async function deliver(options: DeliverOptions, claimed: Claimed): Promise<Settlement | undefined> {
  const { clock, cache, lease, sender } = options;
  if (claimed.bodies.length < claimed.event_count) return { claimed, state: "cancelled", reason: "events-purged" };
  const known = await cache.get({ tenantId: claimed.tenant_id, webhookId: claimed.webhook_id });
  const verdict = verdictOf(known, claimed, clock.now());
  if (verdict.do !== "send") return { claimed, state: verdict.do === "cancel" ? "cancelled" : "held", reason: verdict.reason };
  const { target } = verdict;
  const key = openKey(cache, target);
  if (key === undefined) return { claimed, state: "held", reason: "secret-unusable" };
  if (!lease.holds()) return undefined;
  const body = bodyOf(claimed, claimed.bodies);
  const timestamp = Math.floor(clock.now().getTime() / 1000);
  const headers = {
    "content-type": "application/json",
    "user-agent": userAgent,
    "aqueduto-sequence": `${claimed.first_sequence}-${claimed.last_sequence}`,
    ...signatureHeaders(key, { id: claimed.delivery_id, timestamp, body }),
  };
  return settlementOf(claimed, await sender.send(target, { headers, body }), options.retry);
}

/** The frozen body: items never change, and the thin form is a function of them alone. */
export function bodyOf(claimed: Pick<Claimed, "type" | "variant">, items: readonly string[]): string {
  if (claimed.variant === "whole") return deliveryBody(claimed.type, items);
  const fields = eventType(claimed.type)?.thinFields ?? [];
  return deliveryBody(
    claimed.type,
    items.map((item) => thinItem(item, fields)),
  );
}

function settlementOf(claimed: Claimed, result: SendResult, rules: RetryRules): Settlement {
  const outcome = outcomeOf(result, claimed.attempts + 1, rules);
  const attempt = {
    attemptId: newId("att"),
    startedAt: result.startedAt,
    durationMs: result.durationMs,
    outcome: outcome.outcome,
    excerpt: excerptOf(result.answer),
    ...(result.status === undefined ? {} : { status: result.status }),
    ...(outcome.outcome === "delivered" ? {} : { errorCode: outcome.errorCode }),
  };
  if (outcome.outcome === "delivered") return { claimed, state: "delivered", attempt };
  const reason = outcome.errorCode;
  if (outcome.outcome === "retry") return { claimed, state: "pending", reason, delayMs: outcome.delayMs, attempt };
  return { claimed, state: outcome.outcome, reason, attempt, disableWebhook: outcome.outcome === "cancelled" };
}

function openKey(cache: TargetCache, target: Target): Buffer | undefined {
  try {
    return cache.signingKey(target);
  } catch {
    return undefined;
  }
}
