import type { Command } from "commander";
import { connect } from "./connect.ts";
import { defined } from "./defined.ts";
import { everyPage } from "./every-page.ts";
import { show, table } from "./output.ts";

type NewKey = { name: string; scope: string[]; eventType?: string[]; partner?: string[]; expires?: string };

/** `aqueduto key …`: admin API keys for automation. The keys of the installation are `aqueduto keys`. */
export function addKey(program: Command): void {
  const key = program
    .command("key")
    .description("admin API keys for automation: create, list, end")
    .addHelpText("after", "\nExample:\n  aqueduto key list");
  key
    .command("create")
    .description("create an admin API key; it is shown once")
    .requiredOption("--name <name>", "what it is for")
    .requiredOption("--scope <scope...>", "what it may do; approvals are for people alone")
    .option("--event-type <type...>", "types it may hand in, for events:write")
    .option("--partner <id...>", "see these partners' rows alone")
    .option("--expires <instant>", "when it ends, RFC 3339")
    .addHelpText("after", "\nExample:\n  aqueduto key create --name faturamento --scope events:write --event-type client-transaction")
    .action((options: NewKey, command: Command) => create(options, command));
  key
    .command("list")
    .description("list admin API keys; their text is never shown")
    .addHelpText("after", "\nExample:\n  aqueduto key list --json")
    .action((_: object, command: Command) => list(command));
  key
    .command("end")
    .description("end an admin API key for good")
    .argument("<key-id>", "id of the key")
    .option("--reason <text>", "why, for the audit", "ended by the operator")
    .addHelpText("after", "\nExample:\n  aqueduto key end key_01j8… --reason 'system retired'")
    .action((id: string, { reason }: { reason: string }, command: Command) => end(id, reason, command));
}

async function create(options: NewKey, command: Command): Promise<void> {
  const client = await connect(command);
  const made = await client.call("POST /v1/api-keys", {
    body: {
      name: options.name,
      scopes: options.scope,
      ...defined({ event_types: options.eventType, partner_ids: options.partner, expires_at: options.expires }),
    },
  });
  show(command, made, () => [`key     ${made.key}`, `key id  ${made.key_id}`, "It is not shown again."]);
}

async function list(command: Command): Promise<void> {
  const client = await connect(command);
  const items = await everyPage((more) => client.call("GET /v1/api-keys", { query: more }));
  const cells = (one: (typeof items)[number]) => [one.key_id, one.name, one.state, one.scopes.join(","), one.expires_at ?? "never"];
  show(command, items, () => table([["KEY", "NAME", "STATE", "SCOPES", "EXPIRES"], ...items.map(cells)]));
}

async function end(key_id: string, reason: string, command: Command): Promise<void> {
  const client = await connect(command);
  const key = await client.call("POST /v1/api-keys/{key_id}/end", { params: { key_id }, body: { reason } });
  show(command, key, () => [`${key.key_id} ended.`]);
}
