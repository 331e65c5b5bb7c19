import type { Command } from "commander";
import { lgpdClasses } from "../contract/lgpd.ts";
import { connect } from "./connect.ts";
import { defined } from "./defined.ts";
import { showIncident } from "./incident-lines.ts";
import { oneOf } from "./one-of.ts";
import { wholeNumber } from "./whole-number.ts";

type AssessOptions = { risk: string; categories?: string[]; subjects?: string; measures?: string; note?: string };
type NotifyOptions = { at: string; subjectsAt?: string; protocol?: string; delayReason?: string; note?: string };
type CompleteOptions = { subjectsAt?: string; delayReason?: string; note?: string };

/** The verbs that move an incident on. */
export function addIncidentSteps(incident: Command): void {
  step(incident, "assess", "record risk, categories and measures")
    .requiredOption("--risk <risk>", "relevant or not_relevant")
    .option("--categories <classes...>", "x-lgpd classes affected")
    .option("--subjects <n>", "about how many persons")
    .option("--measures <text>", "what was done about it")
    .option("--note <text>", "for the history")
    .addHelpText(
      "after",
      "\nExample:\n  aqueduto privacy incident assess inc_01j8… --risk relevant --categories identity contact --subjects 1200 --measures 'token revoked'",
    )
    .action(assess);
  step(incident, "notify", "record that the authority was told; 20 business days to complete run from there")
    .requiredOption("--at <instant>", "when, RFC 3339")
    .option("--subjects-at <instant>", "when the persons were told")
    .option("--protocol <text>", "the authority's number")
    .option("--delay-reason <text>", "needed when the term is over")
    .option("--note <text>", "for the history")
    .addHelpText("after", "\nExample:\n  aqueduto privacy incident notify inc_01j8… --at 2026-10-02T15:00:00-03:00 --protocol 2026/000123")
    .action(notify);
  step(incident, "complete", "record that the notification was completed")
    .option("--subjects-at <instant>", "when the persons were told")
    .option("--delay-reason <text>", "needed when the term is over")
    .option("--note <text>", "for the history")
    .addHelpText("after", "\nExample:\n  aqueduto privacy incident complete inc_01j8… --subjects-at 2026-10-05T10:00:00-03:00")
    .action(complete);
  step(incident, "close", "close an incident; it stays in the register")
    .requiredOption("--reason <text>", "why")
    .addHelpText("after", "\nExample:\n  aqueduto privacy incident close inc_01j8… --reason 'the authority asks for nothing more'")
    .action(close);
  step(incident, "note", "add a note")
    .requiredOption("--note <text>", "the note")
    .addHelpText("after", "\nExample:\n  aqueduto privacy incident note inc_01j8… --note 'the partner answered'")
    .action(note);
}

function step(incident: Command, name: string, description: string): Command {
  return incident.command(name).description(description).argument("<incident-id>", "id of the incident");
}

async function assess(incidentId: string, options: AssessOptions, command: Command): Promise<void> {
  const { risk, categories = [], subjects, measures, note } = options;
  const body = {
    risk: oneOf(risk, ["relevant", "not_relevant"] as const, "--risk"),
    categories: categories.map((one) => oneOf(one, lgpdClasses, "--categories")),
    ...defined({
      subjects_estimate: subjects === undefined ? undefined : wholeNumber(subjects, { option: "--subjects", from: 0 }),
      measures,
      note,
    }),
  };
  const client = await connect(command);
  showIncident(command, await client.call("POST /v1/incidents/{incident_id}/assess", { params: { incident_id: incidentId }, body }));
}

async function notify(incidentId: string, options: NotifyOptions, command: Command): Promise<void> {
  const { at, subjectsAt, protocol, delayReason, note } = options;
  const optional = { subjects_notified_at: subjectsAt, authority_protocol: protocol, delay_reason: delayReason, note };
  const body = { notified_at: at, ...defined(optional) };
  const client = await connect(command);
  showIncident(command, await client.call("POST /v1/incidents/{incident_id}/notify", { params: { incident_id: incidentId }, body }));
}

async function complete(incidentId: string, options: CompleteOptions, command: Command): Promise<void> {
  const { subjectsAt, delayReason, note } = options;
  const body = defined({ subjects_notified_at: subjectsAt, delay_reason: delayReason, note });
  const client = await connect(command);
  showIncident(command, await client.call("POST /v1/incidents/{incident_id}/complete", { params: { incident_id: incidentId }, body }));
}

async function close(incidentId: string, options: { reason: string }, command: Command): Promise<void> {
  const client = await connect(command);
  const params = { incident_id: incidentId };
  showIncident(command, await client.call("POST /v1/incidents/{incident_id}/close", { params, body: options }));
}

async function note(incidentId: string, options: { note: string }, command: Command): Promise<void> {
  const client = await connect(command);
  const params = { incident_id: incidentId };
  showIncident(command, await client.call("POST /v1/incidents/{incident_id}/notes", { params, body: options }));
}
