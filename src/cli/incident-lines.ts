import type { Command } from "commander";
import type { Reply } from "../contract/routes.ts";
import { show } from "./output.ts";

type Detail = Reply<"GET /v1/incidents/{incident_id}">;

/** Which term runs, and how long still. */
export function clockText(clock: Detail["clock"]): string {
  if (clock === null) return "-";
  return `${clock.term} by ${clock.due_at}, ${clock.overdue ? "OVERDUE" : `${clock.business_days_left} business days left`}`;
}

/** Shows an incident with its clock and every step. */
export function showIncident(command: Command, one: Detail): void {
  show(command, one, () => [
    `${one.incident_id}  ${one.title}  (${one.state})`,
    `known    ${one.known_at}`,
    `clock    ${clockText(one.clock)}`,
    ...(one.risk === null ? [] : [`risk     ${one.risk}; ${one.categories.join(", ")}`]),
    ...one.steps.map((step) =>
      `${String(step.step).padStart(2)}  ${step.at}  ${step.to_state}  by ${step.actor_kind} ${step.actor_id}  ${step.note ?? ""}`.trimEnd(),
    ),
  ]);
}
