import type { Command } from "commander";
import { connect } from "./connect.ts";
import { everyPage } from "./every-page.ts";
import { show, table } from "./output.ts";
import { spread } from "./spread.ts";

const changes = {
  disable: ["POST /v1/partners/{partner_id}/disable", "refuse a partner until it is enabled again"],
  enable: ["POST /v1/partners/{partner_id}/enable", "let a disabled partner in again"],
  revoke: ["POST /v1/partners/{partner_id}/revoke", "end a partner and all its tokens for good"],
} as const;

/** `aqueduto partner …`: who is let in at all. */
export function addPartner(program: Command): void {
  const partner = program
    .command("partner")
    .description("partners: create, show, list, disable, enable, revoke")
    .addHelpText("after", "\nExample:\n  aqueduto partner list");
  partner
    .command("create")
    .description("create a partner")
    .argument("<name>", "its name")
    .addHelpText("after", "\nExample:\n  aqueduto partner create 'Banco Exemplo'")
    .action(async (name: string, _options: object, command: Command) => {
      const client = await connect(command);
      const made = await client.call("POST /v1/partners", { body: { name } });
      show(command, made, () => [`${made.partner_id}  ${made.name}`]);
    });
  partner
    .command("show")
    .description("show a partner")
    .argument("<partner-id>", "id of the partner")
    .addHelpText("after", "\nExample:\n  aqueduto partner show par_01j8…")
    .action(async (id: string, _options: object, command: Command) => {
      const client = await connect(command);
      const one = await client.call("GET /v1/partners/{partner_id}", { params: { partner_id: id } });
      show(command, one, () => [`${one.partner_id}  ${one.name}  (${one.state}, since ${one.created_at})`]);
    });
  partner
    .command("list")
    .description("list partners")
    .addHelpText("after", "\nExample:\n  aqueduto partner list --json")
    .action(async (_options: object, command: Command) => {
      const client = await connect(command);
      const items = await everyPage((query) => client.call("GET /v1/partners", { query }));
      show(command, items, () => table([["PARTNER", "STATE", "NAME"], ...items.map((one) => [one.partner_id, one.state, one.name])]));
    });
  addChanges(partner);
}

function addChanges(partner: Command): void {
  for (const [verb, [route, description]] of Object.entries(changes))
    partner
      .command(verb)
      .description(description)
      .argument("<partner-id>", "id of the partner")
      .requiredOption("--reason <text>", "why, for the audit")
      .addHelpText("after", `\nExample:\n  aqueduto partner ${verb} par_01j8… --reason 'contract 12/2026'`)
      .action(async (id: string, options: { reason: string }, command: Command) => {
        const client = await connect(command);
        const done = await client.call(route, { params: { partner_id: id }, body: options });
        show(command, done, () => [`${done.partner_id} is ${done.partner_state}`, ...spread(done)]);
      });
}
