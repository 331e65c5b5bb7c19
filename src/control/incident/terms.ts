import { addBusinessDays, businessDaysBetween } from "../../contract/business-days.ts";
import { incidentTerms, type Incident } from "../../contract/incident.ts";
import { endOfDay, localDay } from "./local-day.ts";

type Terms = { small_agent: boolean; timeZone: string };

/** When the term to notify ends that began when the controller knew: 3 business days, 6 for a small agent. */
export function notifyDueAt(knownAt: Date, { small_agent, timeZone }: Terms): Date {
  return dueAt(knownAt, incidentTerms.notifyDays * (small_agent ? 2 : 1), timeZone);
}

/** When the term to complete ends that began with the notification: 20 business days, 40 for a small agent. */
export function completeDueAt(notifiedAt: Date, { small_agent, timeZone }: Terms): Date {
  return dueAt(notifiedAt, incidentTerms.completeDays * (small_agent ? 2 : 1), timeZone);
}

function dueAt(from: Date, businessDays: number, timeZone: string): Date {
  return endOfDay(addBusinessDays(localDay(from, timeZone), businessDays), timeZone);
}

type Running = { state: Incident["state"]; risk: string | null; notify_due_at: Date; complete_due_at: Date | null };

/** The term that runs at `now`; null when none does: completed, closed, or assessed without relevant risk. */
export function clockOf(incident: Running, now: Date, timeZone: string): Incident["clock"] {
  const term = termOf(incident);
  if (term === undefined) return null;
  return {
    term: term.name,
    due_at: term.due.toISOString(),
    business_days_left: businessDaysBetween(localDay(now, timeZone), localDay(term.due, timeZone)),
    overdue: now > term.due,
  };
}

function termOf(incident: Running): { name: "notify" | "complete"; due: Date } | undefined {
  const { state, risk, notify_due_at, complete_due_at } = incident;
  if (state === "opened" || (state === "assessed" && risk !== "not_relevant")) return { name: "notify", due: notify_due_at };
  return state === "notified" && complete_due_at !== null ? { name: "complete", due: complete_due_at } : undefined;
}
