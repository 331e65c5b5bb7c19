import fc from "fast-check";
import { expect, test } from "vitest";
import { planDeliveries, type UnfannedEvent } from "./plan-deliveries.ts";
import type { Target, Variant } from "./target.ts";

const types = ["client-transaction", "client-transaction-reversed"];
const now = new Date("2026-11-24T12:00:00Z");

function targetOf(webhookId: string, more: Partial<Target> = {}): Target {
  return {
    tenantId: "ten_1",
    webhookId,
    url: "https://hooks.example/",
    eventTypes: types,
    mode: "live",
    state: "verified",
    maxBatch: 500,
    secretSealed: Buffer.alloc(0),
    allowedAddress: null,
    demo: false,
    partnerState: "active",
    licenseState: "active",
    startsAt: new Date("2026-01-01"),
    endsAt: new Date("2027-01-01"),
    grants: new Map<string, Variant>(types.map((type) => [type, "whole"])),
    ...more,
  };
}

/** Events of some enqueue calls, in id order: each call is of one type, mode and day. */
const calls = fc.array(
  fc.record({
    size: fc.integer({ min: 1, max: 12 }),
    type: fc.constantFrom(...types),
    mode: fc.constantFrom("live" as const, "test" as const),
    bytes: fc.constantFrom(80, 65_536),
  }),
  { maxLength: 6 },
);

function eventsOf(made: readonly { size: number; type: string; mode: "live" | "test"; bytes: number }[]): UnfannedEvent[] {
  return made.flatMap(({ size, ...rest }, call) =>
    Array.from({ length: size }, (_, i) => ({
      event_id: `evt_${String(call).padStart(20, "0")}${String(i).padStart(6, "0")}`,
      day: "2026-11-24",
      ...rest,
    })),
  );
}

test("each webhook gets every event that is for it once, in order, in deliveries of one call within the bounds", () => {
  fc.assert(
    fc.property(calls, fc.integer({ min: 1, max: 5 }), (made, maxBatch) => {
      const events = eventsOf(made);
      const live = targetOf("whk_live", { maxBatch, eventTypes: ["client-transaction"] });
      const everything = targetOf("whk_test", { mode: "test" });
      const { deliveries, matched } = planDeliveries(events, [live, everything], now);
      const due = (target: Target) => events.filter((event) => event.mode === target.mode && target.eventTypes.includes(event.type));
      for (const target of [live, everything]) {
        const own = deliveries.filter((delivery) => delivery.webhookId === target.webhookId);
        expect(own.flatMap((delivery) => delivery.eventIds)).toEqual(due(target).map((event) => event.event_id));
      }
      const byId = new Map(events.map((event) => [event.event_id, event]));
      for (const { eventIds } of deliveries) {
        const bytes = eventIds.reduce((sum, id) => sum + (byId.get(id)?.bytes ?? 0), 0);
        expect(new Set(eventIds.map((id) => id.slice(0, 24))).size).toBe(1);
        expect(bytes <= 256 * 1024 || eventIds.length === 1).toBe(true);
      }
      expect(
        deliveries.filter((delivery) => delivery.webhookId === "whk_live").every((delivery) => delivery.eventIds.length <= maxBatch),
      ).toBe(true);
      expect(matched.reduce((sum, n) => sum + n, 0)).toBe(due(live).length + due(everything).length);
    }),
  );
});

test.each<[string, Partial<Target>]>([
  ["not verified", { state: "pending" }],
  ["disabled", { state: "disabled" }],
  ["of an ended license", { licenseState: "ended" }],
  ["of a license whose time is over this instant", { endsAt: now }],
  ["of a license that starts later", { startsAt: new Date(now.getTime() + 1) }],
  ["of a revoked partner", { partnerState: "revoked" }],
  ["of test mode", { mode: "test" }],
  ["without the grant", { grants: new Map() }],
  ["not subscribed", { eventTypes: ["client-transaction-reversed"] }],
])("a webhook %s gets nothing", (_name, more) => {
  const events = eventsOf([{ size: 1, type: "client-transaction", mode: "live", bytes: 80 }]);
  expect(planDeliveries(events, [targetOf("whk_1", more)], now)).toEqual({ deliveries: [], matched: [0] });
});

test.each<[string, Partial<Target>]>([
  ["a paused webhook", { state: "paused" }],
  ["a suspended license", { licenseState: "suspended" }],
  ["a disabled partner", { partnerState: "disabled" }],
])("an event that comes meanwhile is kept for %s", (_name, more) => {
  const events = eventsOf([{ size: 1, type: "client-transaction", mode: "live", bytes: 80 }]);
  const { deliveries, matched } = planDeliveries(events, [targetOf("whk_1", more)], now);
  expect(deliveries.map((delivery) => delivery.webhookId)).toEqual(["whk_1"]);
  expect(matched).toEqual([1]);
});
