import { expect, test } from "vitest";
import { checkGrants } from "./check-grants.ts";

const operation = (projection: Record<string, "none" | "masked" | "full">) => ({ operations: [{ operation_id: "op", projection }] });

test("classes that licenses open are granted, masked where they have a masked form", () => {
  checkGrants(
    operation({ identity: "masked", contact: "masked", address: "full", financial: "full", consumption: "none", indirect: "full" }),
  );
});

test.each([
  ["vulnerability", "full"],
  ["sensitive", "masked"],
  ["never", "none"],
  ["none", "full"],
  ["technical", "full"],
  ["identidade", "full"],
  ["__proto__", "full"],
  ["constructor", "full"],
  ["financial", "masked"],
] as const)("%s: %s is refused with its pointer", (name, show) => {
  const projection = Object.fromEntries([[name, show]]);
  expect(() => checkGrants(operation(projection))).toThrow(
    expect.objectContaining({ code: "invalid-field", pointer: `/body/operations/0/projection/${name}` }),
  );
});

test("an event type outside the catalogue is refused", () => {
  const events = [
    { event_type: "client-transaction", variant: "whole" as const },
    { event_type: "nope", variant: "whole" as const },
  ];
  expect(() => checkGrants({ operations: [], events })).toThrow(expect.objectContaining({ pointer: "/body/events/1/event_type" }));
});

test("an operation or event type named twice is refused", () => {
  const twice = { operation_id: "op", projection: {} };
  expect(() => checkGrants({ operations: [twice, twice] })).toThrow(
    expect.objectContaining({ pointer: "/body/operations/1/operation_id" }),
  );
  const event = { event_type: "client-transaction", variant: "thin" as const };
  expect(() => checkGrants({ operations: [], events: [event, event] })).toThrow(
    expect.objectContaining({ pointer: "/body/events/1/event_type" }),
  );
});
