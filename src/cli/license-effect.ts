import type { Reply } from "../contract/routes.ts";
import { table } from "./output.ts";

type Effect = Reply<"GET /v1/licenses/{license_id}/versions/{version}/effect">;

/** What a version changes, and what it would have done to last week's calls, for people. */
export function effectLines(effect: Effect): string[] {
  const { traffic } = effect;
  return [
    ...changeLines(effect),
    ...(effect.unfit_accesses.length === 0 ? [] : [`cannot be published over: ${effect.unfit_accesses.join(" ")}`]),
    `calls of the last seven days: ${traffic.refused} would have been refused, ${traffic.narrower} would have got less`,
    ...traffic.operations.map((one) => `  ${one.operation_id}  ${one.calls} calls, ${one.answered} answered: ${one.outcome}`),
    `effect ${effect.effect}`,
  ];
}

/** The cells, operations, events and terms that change. */
export function changeLines(effect: Effect): string[] {
  const cells = effect.cells.map((cell) => [cell.operation_id, cell.field, cell.lgpd_class, `${cell.from} -> ${cell.to}`]);
  return [
    `against ${effect.against === null ? "nothing published" : `version ${effect.against}`}: ${effect.cells_opened} cells open, ${effect.cells_closed} close`,
    ...(cells.length === 0 ? [] : table([["OPERATION", "FIELD", "CLASS", "LEVEL"], ...cells])),
    ...effect.operations.map((one) => `operation ${one.operation_id} ${one.to ? "opens" : "closes"}`),
    ...effect.events.map((one) => `event ${one.event_type}: ${one.from} -> ${one.to}`),
    ...effect.terms.map((one) => `${one.member}: ${one.from ?? "none"} -> ${one.to ?? "none"} (${one.effect})`),
    verdictOf(effect),
  ];
}

function verdictOf(effect: Effect): string {
  if (effect.needs_second_person) return "it opens personal data: another person than its authors approves it";
  return effect.only_closes ? "it only closes: one person may publish it" : "it takes an approval";
}
