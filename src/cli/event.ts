import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import { connect } from "./connect.ts";
import { defined } from "./defined.ts";
import { everyPage } from "./every-page.ts";
import { CommandError } from "./failure.ts";
import { oneOf } from "./one-of.ts";
import { show, table } from "./output.ts";
import { wholeNumber } from "./whole-number.ts";

type ListOptions = { type?: string; lines?: string };
type SendOptions = { idempotencyKey: string; mode: string };

/** `aqueduto event …`: what happened, on its way to webhooks. */
export function addEvent(program: Command): void {
  const event = program.command("event").description("events: list, send").addHelpText("after", "\nExample:\n  aqueduto event list -n 20");
  event
    .command("list")
    .description("list events, newest first; their bodies are not shown")
    .option("--type <type>", "of this type only")
    .option("-n, --lines <n>", "the newest alone, 1 to 200 (default: all)")
    .addHelpText("after", "\nExample:\n  aqueduto event list --type client-transaction -n 20 --json")
    .action(list);
  event
    .command("send")
    .description("hand in events of one type; each item is kept byte for byte")
    .argument("<file>", 'JSON {"<type>":[items]}; - reads it from standard input')
    .requiredOption("--idempotency-key <text>", "names this call: the same key with the same file stores nothing twice")
    .option("--mode <mode>", "live or test", "live")
    .addHelpText("after", "\nExample:\n  aqueduto event send payments.json --idempotency-key baixa-2027-01-31-0001")
    .action(send);
}

async function list(options: ListOptions, command: Command): Promise<void> {
  const newest = options.lines === undefined ? undefined : wholeNumber(options.lines, { option: "--lines", from: 1, to: 200 });
  const filter = defined({ type: options.type });
  const client = await connect(command);
  const items =
    newest === undefined
      ? await everyPage((page) => client.call("GET /v1/events", { query: { ...page, ...filter } }))
      : (await client.call("GET /v1/events", { query: { limit: newest, ...filter } })).items;
  const cells = (one: (typeof items)[number]) => [
    one.event_id,
    one.type,
    one.mode,
    one.created_at,
    one.matched === null ? "not yet" : String(one.matched),
    one.source,
  ];
  show(command, items, () => table([["EVENT", "TYPE", "MODE", "CREATED", "WEBHOOKS", "SOURCE"], ...items.map(cells)]));
}

async function send(file: string, options: SendOptions, command: Command): Promise<void> {
  const mode = oneOf(options.mode, ["live", "test"] as const, "--mode");
  const bodyText = await readBody(file);
  const client = await connect(command);
  const headers = { "idempotency-key": options.idempotencyKey };
  const done = await client.call("POST /v1/events", { query: { mode }, headers, bodyText });
  show(command, done, () => [`${done.ids.length} events stored`, ...done.ids]);
}

async function readBody(file: string): Promise<string> {
  if (file === "-") return text(process.stdin);
  return readFile(file, "utf8").catch((cause: unknown) => {
    throw new CommandError(`the file ${file} cannot be read`, { cause, usage: true });
  });
}
