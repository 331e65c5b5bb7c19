import type { Command } from "commander";
import { connect } from "./connect.ts";
import { defined } from "./defined.ts";
import { everyPage } from "./every-page.ts";
import { show, table } from "./output.ts";
import { spread } from "./spread.ts";

const changes = {
  disable: ["POST /v1/clients/{client_id}/disable", "refuse a client until it is enabled again"],
  enable: ["POST /v1/clients/{client_id}/enable", "let a disabled client in again"],
  revoke: ["POST /v1/clients/{client_id}/revoke", "end a client and the tokens of its accesses for good"],
} as const;

/** `aqueduto client …`: applications of partners. */
export function addClient(program: Command): void {
  const client = program
    .command("client")
    .description("clients (applications of partners): create, show, list, disable, enable, revoke")
    .addHelpText("after", "\nExample:\n  aqueduto client list");
  client
    .command("create")
    .description("create a client of a partner")
    .argument("<name>", "its name")
    .requiredOption("--partner <id>", "the partner it belongs to")
    .addHelpText("after", "\nExample:\n  aqueduto client create 'App do banco' --partner par_01j8…")
    .action(async (name: string, options: { partner: string }, command: Command) => {
      const api = await connect(command);
      const made = await api.call("POST /v1/clients", { body: { name, partner_id: options.partner } });
      show(command, made, () => [`${made.client_id}  ${made.name}`]);
    });
  client
    .command("show")
    .description("show a client")
    .argument("<client-id>", "id of the client")
    .addHelpText("after", "\nExample:\n  aqueduto client show cli_01j8…")
    .action(async (id: string, _options: object, command: Command) => {
      const api = await connect(command);
      const one = await api.call("GET /v1/clients/{client_id}", { params: { client_id: id } });
      show(command, one, () => [`${one.client_id}  ${one.name}  (${one.state}, since ${one.created_at})`, `partner  ${one.partner_id}`]);
    });
  client
    .command("list")
    .description("list clients")
    .option("--partner <id>", "of this partner only")
    .addHelpText("after", "\nExample:\n  aqueduto client list --partner par_01j8…")
    .action(async (options: { partner?: string }, command: Command) => {
      const api = await connect(command);
      const filter = defined({ partner_id: options.partner });
      const items = await everyPage((page) => api.call("GET /v1/clients", { query: { ...page, ...filter } }));
      show(command, items, () =>
        table([["CLIENT", "PARTNER", "STATE", "NAME"], ...items.map((one) => [one.client_id, one.partner_id, one.state, one.name])]),
      );
    });
  addChanges(client);
}

function addChanges(client: Command): void {
  for (const [verb, [route, description]] of Object.entries(changes))
    client
      .command(verb)
      .description(description)
      .argument("<client-id>", "id of the client")
      .requiredOption("--reason <text>", "why, for the audit")
      .addHelpText("after", `\nExample:\n  aqueduto client ${verb} cli_01j8… --reason 'application retired'`)
      .action(async (id: string, options: { reason: string }, command: Command) => {
        const api = await connect(command);
        const done = await api.call(route, { params: { client_id: id }, body: options });
        show(command, done, () => [`${done.client_id} is ${done.client_state}`, ...spread(done)]);
      });
}
