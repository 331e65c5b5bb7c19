import { isEventType } from "../contract/event-types.ts";

export type Variant = "whole" | "thin";
export type Mode = "live" | "test";

/** A webhook with everything that decides whether it may get an event, and how to reach it. */
export type Target = {
  tenantId: string;
  webhookId: string;
  url: string;
  eventTypes: readonly string[];
  mode: Mode;
  state: "pending" | "verified" | "paused" | "failing" | "disabled";
  maxBatch: number;
  secretSealed: Buffer;
  allowedAddress: string | null;
  demo: boolean;
  partnerState: "active" | "disabled" | "revoked";
  licenseState: "draft" | "submitted" | "approved" | "active" | "suspended" | "ended";
  startsAt: Date;
  endsAt: Date;
  /** Event types that the license grants, whole or thin. */
  grants: ReadonlyMap<string, Variant>;
};

/** What to do with a delivery now. Held ones wait until the cause is gone; cancelled ones have ended. */
export type Verdict = { do: "send"; target: Target } | { do: "hold"; reason: string } | { do: "cancel"; reason: string };

/** Judges a delivery of this type and variant right before it is sent: the license is tested again at each try. */
export function verdictOf(target: Target | undefined, delivery: { type: string; variant: Variant }, now: Date): Verdict {
  if (target === undefined) return { do: "cancel", reason: "webhook-removed" };
  const grant = target.grants.get(delivery.type);
  const cancel = cancelReason(target, delivery, grant, now);
  if (cancel !== undefined) return { do: "cancel", reason: cancel };
  const hold = holdReason(target, now);
  return hold === undefined ? { do: "send", target } : { do: "hold", reason: hold };
}

/** Pauses of what served before: events of the meantime are kept for it, held, and go out when the pause ends. */
const pauses: ReadonlySet<string> = new Set(["partner-disabled", "license-suspended", "webhook-paused"]);

/**
 * Whether a new event of this type and mode is for this webhook, and in which variant. A license that is not active yet
 * and a webhook that is not verified get none of the events that came before.
 */
export function variantFor(target: Target, event: { type: string; mode: Mode }, now: Date): Variant | undefined {
  const variant = target.grants.get(event.type);
  if (variant === undefined || target.mode !== event.mode) return undefined;
  if (variant === "thin" && !isEventType(event.type)) return undefined;
  const verdict = verdictOf(target, { type: event.type, variant }, now);
  return verdict.do === "send" || (verdict.do === "hold" && pauses.has(verdict.reason)) ? variant : undefined;
}

function cancelReason(
  target: Target,
  delivery: { type: string; variant: Variant },
  grant: Variant | undefined,
  now: Date,
): string | undefined {
  if (target.partnerState === "revoked") return "partner-revoked";
  if (target.licenseState === "ended" || target.endsAt <= now) return "license-ended";
  if (grant === undefined) return "grant-removed";
  // what was frozen whole must not go out to a license that now sees the thin form only
  if (grant === "thin" && delivery.variant === "whole") return "grant-narrowed";
  if (!target.eventTypes.includes(delivery.type)) return "unsubscribed";
  return target.state === "disabled" ? "webhook-disabled" : undefined;
}

function holdReason(target: Target, now: Date): string | undefined {
  if (target.partnerState !== "active") return "partner-disabled";
  if (target.licenseState !== "active") return target.licenseState === "suspended" ? "license-suspended" : "license-not-active";
  if (target.startsAt > now) return "license-not-started";
  if (target.state === "paused") return "webhook-paused";
  return target.state === "pending" ? "webhook-not-verified" : undefined;
}
