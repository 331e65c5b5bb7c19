import type { Command } from "commander";
import type { Reply } from "../contract/routes.ts";
import { connect } from "./connect.ts";
import { defined } from "./defined.ts";
import { everyPage } from "./every-page.ts";
import { oneOf } from "./one-of.ts";
import { show, table } from "./output.ts";
import { wholeNumber } from "./whole-number.ts";

const states = ["pending", "delivered", "dead", "cancelled", "held"] as const;

type ListOptions = { webhook?: string; state?: string; lines?: string };

/** `aqueduto delivery …`: what went to webhooks, and each try. */
export function addDelivery(program: Command): void {
  const delivery = program
    .command("delivery")
    .description("deliveries to webhooks: list, show")
    .addHelpText("after", "\nExample:\n  aqueduto delivery list --state dead");
  delivery
    .command("list")
    .description("list deliveries, newest first")
    .option("--webhook <id>", "to this webhook only")
    .option("--state <state>", states.join(", "))
    .option("-n, --lines <n>", "the newest alone, 1 to 200 (default: all)")
    .addHelpText("after", "\nExample:\n  aqueduto delivery list --webhook whk_01j8… -n 20")
    .action(list);
  delivery
    .command("show")
    .description("show a delivery, its events and each try")
    .argument("<delivery-id>", "id of the delivery, as in the header webhook-id")
    .addHelpText("after", "\nExample:\n  aqueduto delivery show dlv_01j8…")
    .action(async (id: string, _options: object, command: Command) => {
      const client = await connect(command);
      const one = await client.call("GET /v1/deliveries/{delivery_id}", { params: { delivery_id: id } });
      show(command, one, () => linesOf(one));
    });
}

async function list(options: ListOptions, command: Command): Promise<void> {
  const newest = options.lines === undefined ? undefined : wholeNumber(options.lines, { option: "--lines", from: 1, to: 200 });
  const state = options.state === undefined ? undefined : oneOf(options.state, states, "--state");
  const filter = defined({ webhook_id: options.webhook, state });
  const client = await connect(command);
  const items =
    newest === undefined
      ? await everyPage((page) => client.call("GET /v1/deliveries", { query: { ...page, ...filter } }))
      : (await client.call("GET /v1/deliveries", { query: { limit: newest, ...filter } })).items;
  const cells = (one: (typeof items)[number]) => [
    one.delivery_id,
    one.webhook_id,
    one.type,
    one.state,
    String(one.items),
    String(one.attempts),
    one.created_at,
  ];
  show(command, items, () => table([["DELIVERY", "WEBHOOK", "TYPE", "STATE", "ITEMS", "TRIES", "CREATED"], ...items.map(cells)]));
}

function linesOf(one: Reply<"GET /v1/deliveries/{delivery_id}">): string[] {
  return [
    `${one.delivery_id}  ${one.type} (${one.variant})  ${one.state}${one.state_reason === null ? "" : `: ${one.state_reason}`}`,
    `webhook  ${one.webhook_id}`,
    `items    ${one.items}, numbers ${one.first_sequence} to ${one.last_sequence}`,
    ...(one.due_at === null ? [] : [`next try ${one.due_at}`]),
    ...one.event_ids.map((id) => `event    ${id}`),
    ...one.tries.map((tried) =>
      `try ${tried.number}    ${tried.started_at}  ${tried.duration_ms} ms  ${tried.status ?? "no answer"}  ${tried.outcome}  ${tried.error_code ?? ""}`.trimEnd(),
    ),
  ];
}
