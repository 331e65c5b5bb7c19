import type { Command } from "commander";
import { incidentRoutes } from "../contract/incident.ts";
import { connect } from "./connect.ts";
import { defined } from "./defined.ts";
import { everyPage } from "./every-page.ts";
import { clockText, showIncident } from "./incident-lines.ts";
import { addIncidentSteps } from "./incident-steps.ts";
import { oneOf } from "./one-of.ts";
import { show, showRows, table } from "./output.ts";

type OpenOptions = { title: string; description: string; known: string; occurred?: string; smallAgent?: boolean };

const columns = incidentRoutes["POST /v1/incident-register/export"].csv;
const states = ["opened", "assessed", "notified", "completed", "closed"] as const;

/** `aqueduto privacy incident …`: the register of incidents and its clock. */
export function addIncident(privacy: Command): void {
  const incident = privacy
    .command("incident")
    .description("register of incidents: open, list, show, assess, notify, complete, close, note, export")
    .addHelpText("after", "\nExample:\n  aqueduto privacy incident list");
  incident
    .command("open")
    .description("open an incident; 3 business days run from when it was known")
    .requiredOption("--title <text>", "one line")
    .requiredOption("--description <text>", "what happened; no data of the persons affected")
    .requiredOption("--known <instant>", "when it was known that personal data were affected, RFC 3339")
    .option("--occurred <instant>", "when it happened")
    .option("--small-agent", "small-size agent: terms are doubled")
    .addHelpText(
      "after",
      "\nExample:\n  aqueduto privacy incident open --title 'Lista exposta' --description 'A partner published a list' --known 2026-10-01T09:00:00-03:00",
    )
    .action(open);
  addReading(incident);
  addIncidentSteps(incident);
}

function addReading(incident: Command): void {
  incident
    .command("list")
    .description("list incidents with their clocks")
    .option("--state <state>", states.join(", "))
    .addHelpText("after", "\nExample:\n  aqueduto privacy incident list --state opened")
    .action(list);
  incident
    .command("show")
    .description("show an incident and every step")
    .argument("<incident-id>", "id of the incident")
    .addHelpText("after", "\nExample:\n  aqueduto privacy incident show inc_01j8…")
    .action(async (id: string, _options: object, command: Command) => {
      const client = await connect(command);
      showIncident(command, await client.call("GET /v1/incidents/{incident_id}", { params: { incident_id: id } }));
    });
  incident
    .command("export")
    .description("the whole register; the export is audited")
    .option("--csv", "CSV (UTF-8, ;) instead of one JSON document a line")
    .addHelpText("after", "\nExample:\n  aqueduto privacy incident export --csv > incidents.csv")
    .action(async ({ csv }: { csv?: boolean }, command: Command) => {
      const client = await connect(command);
      const rows = client.stream("POST /v1/incident-register/export", { body: {} });
      await showRows(command, rows, { csv: csv === true, columns });
    });
}

async function open(options: OpenOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const { title, description, known, occurred, smallAgent } = options;
  const body = { title, description, known_at: known, ...defined({ occurred_at: occurred, small_agent: smallAgent }) };
  showIncident(command, await client.call("POST /v1/incidents", { body }));
}

async function list(options: { state?: string }, command: Command): Promise<void> {
  const state = options.state === undefined ? undefined : oneOf(options.state, states, "--state");
  const client = await connect(command);
  const items = await everyPage((query) => client.call("GET /v1/incidents", { query: { ...query, ...defined({ state }) } }));
  show(command, items, () =>
    table([
      ["INCIDENT", "STATE", "KNOWN", "CLOCK", "TITLE"],
      ...items.map((one) => [one.incident_id, one.state, one.known_at, clockText(one.clock), one.title]),
    ]),
  );
}
