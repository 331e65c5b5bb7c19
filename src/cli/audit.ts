import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import type { Client } from "../contract/client.ts";
import type { Reply } from "../contract/routes.ts";
import { connect } from "./connect.ts";
import { CommandError } from "./failure.ts";
import { camelKeys, show } from "./output.ts";
import { wholeNumber } from "./whole-number.ts";

type Log = "admin" | "access";
type Entry = Reply<"GET /v1/audit/admin">["items"][number] | Reply<"GET /v1/audit/access">["items"][number];
type TailOptions = { log: string; lines: string; follow?: boolean };

/** `aqueduto audit …`: what was called and what was changed. */
export function addAudit(program: Command): void {
  const audit = program
    .command("audit")
    .description("the audit: tail, show")
    .addHelpText("after", "\nExample:\n  aqueduto audit tail --follow");
  audit
    .command("tail")
    .description("show the newest entries, oldest of them first")
    .option("--log <log>", "access (calls) or admin (changes)", "access")
    .option("-n, --lines <n>", "how many, 1 to 200", "20")
    .option("-f, --follow", "go on with new ones; with --json one document a line")
    .addHelpText("after", "\nExamples:\n  aqueduto audit tail\n  aqueduto audit tail --log admin -n 50 --json")
    .action((options: TailOptions, command: Command) => tail(options, command));
  audit
    .command("show")
    .description("show one entry of either log")
    .argument("<entry-id>", "id of the entry, as in the header Audit-Entry")
    .addHelpText("after", "\nExample:\n  aqueduto audit show aud_01j8…")
    .action((id: string, _options: object, command: Command) => showEntry(id, command));
}

async function tail(options: TailOptions, command: Command): Promise<void> {
  const { log, limit } = parse(options);
  const client = await connect(command);
  let known = new Set<string>();
  const first = (await newest(client, log, limit)).toReversed();
  if (options.follow !== true) return show(command, first, () => first.map(line));
  const json = command.optsWithGlobals<{ json?: boolean }>().json === true;
  let entries = first;
  for (;;) {
    for (const entry of entries)
      if (!known.has(entry.entry_id)) process.stdout.write(`${json ? JSON.stringify(camelKeys(entry)) : line(entry)}\n`);
    if (entries.length > 0) known = new Set(entries.map((entry) => entry.entry_id));
    await delay(1000);
    entries = (await newest(client, log, 200)).toReversed();
  }
}

function parse(options: TailOptions): { log: Log; limit: number } {
  if (options.log !== "access" && options.log !== "admin") throw new CommandError("--log is access or admin", { usage: true });
  return { log: options.log, limit: wholeNumber(options.lines, { option: "--lines", from: 1, to: 200 }) };
}

async function newest(client: Client, log: Log, limit: number): Promise<Entry[]> {
  const page =
    log === "access"
      ? await client.call("GET /v1/audit/access", { query: { limit } })
      : await client.call("GET /v1/audit/admin", { query: { limit } });
  return page.items;
}

function line(entry: Entry): string {
  if ("action" in entry)
    return `${entry.at}  ${entry.action}  ${entry.target_kind} ${entry.target_id}  by ${entry.actor_kind} ${entry.actor_id}`;
  return `${entry.at}  ${entry.status} ${entry.code}  ${entry.method} ${entry.route}  ${entry.license_id ?? "-"}  ${entry.entry_id}`;
}

async function showEntry(entryId: string, command: Command): Promise<void> {
  const client = await connect(command);
  const found = await client.call("GET /v1/audit/entries/{entry_id}", { params: { entry_id: entryId } });
  show(command, found, () => [JSON.stringify(found, null, 2)]);
}
