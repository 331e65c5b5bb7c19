import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import type { Client } from "../contract/client.ts";
import type { Reply } from "../contract/routes.ts";
import { connect } from "./connect.ts";
import { CommandError } from "./failure.ts";
import { allPages, show, table } from "./output.ts";
import { wholeNumber } from "./whole-number.ts";

type NewOptions = { license: string; url: string; name: string; events: string; mode: "live" | "test" };

/** `aqueduto webhook …`: where events go. */
export function addWebhook(program: Command): void {
  const webhook = program
    .command("webhook")
    .description("webhooks of licenses: add, list, test")
    .addHelpText("after", "\nExample:\n  aqueduto webhook list");
  webhook
    .command("add")
    .description("add a webhook; its secret is shown once, and it gets events after `webhook test` has succeeded")
    .requiredOption("--license <id>", "license it belongs to")
    .requiredOption("--url <url>", "https address that receives")
    .requiredOption("--events <types>", "event types, with commas between")
    .option("--name <text>", "name for people", "webhook")
    .option("--mode <mode>", "live or test events", "live")
    .addHelpText(
      "after",
      "\nExample:\n  aqueduto webhook add --license lic_01j8… --url https://bank.example/hooks --events client-transaction",
    )
    .action((options: NewOptions, command: Command) => add(options, command));
  webhook
    .command("list")
    .description("list webhooks")
    .option("--license <id>", "of this license only")
    .addHelpText("after", "\nExample:\n  aqueduto webhook list")
    .action((options: { license?: string }, command: Command) => list(options, command));
  webhook
    .command("test")
    .description("send a signed challenge; a receiver that answers it becomes verified")
    .argument("<webhook-id>", "id of the webhook")
    .option("--wait <seconds>", "how long to wait for the result", "30")
    .addHelpText("after", "\nExample:\n  aqueduto webhook test whk_01j8…")
    .action((id: string, options: { wait: string }, command: Command) =>
      test(id, wholeNumber(options.wait, { option: "--wait", from: 1, to: 600 }), command),
    );
}

async function add(options: NewOptions, command: Command): Promise<void> {
  if (options.mode !== "live" && options.mode !== "test") throw new CommandError("--mode is live or test", { usage: true });
  const client = await connect(command);
  const event_types = options.events.split(",").map((type) => type.trim());
  const body = { license_id: options.license, url: options.url, name: options.name, mode: options.mode, event_types };
  const made = await client.call("POST /v1/webhooks", { body });
  show(command, made, () => [
    `webhook ${made.webhook_id} (${made.state})`,
    `secret  ${made.secret}`,
    `It is not shown again. Next: aqueduto webhook test ${made.webhook_id}`,
  ]);
}

async function list(options: { license?: string }, command: Command): Promise<void> {
  const client = await connect(command);
  const query = options.license === undefined ? {} : { license_id: options.license };
  const items = await allPages((page) => client.call("GET /v1/webhooks", { query: { ...query, ...page } }));
  show(command, items, () =>
    table([
      ["WEBHOOK", "LICENSE", "MODE", "STATE", "URL", "EVENTS"],
      ...items.map((one) => [one.webhook_id, one.license_id, one.mode, one.state, one.url, one.event_types.join(",")]),
    ]),
  );
}

async function test(webhookId: string, waitSeconds: number, command: Command): Promise<void> {
  const client = await connect(command);
  const params = { webhook_id: webhookId };
  const asked = await client.call("POST /v1/webhooks/{webhook_id}/test", { params });
  const detail = await resultOf(client, { webhookId, checkId: asked.check_id, deadline: Date.now() + waitSeconds * 1000 });
  const check = detail.last_check;
  show(command, detail, () => [
    `webhook ${webhookId} is ${detail.state}`,
    `check ${check?.state ?? ""}${(check?.error_code ?? null) === null ? "" : `: ${String(check?.error_code)}`}`,
  ]);
  if (detail.state !== "verified") process.exitCode = 1;
}

type Wanted = { webhookId: string; checkId: string; deadline: number };

/** Asks for the webhook until the check that was requested has ended; fails when it has not by the deadline. */
async function resultOf(client: Client, wanted: Wanted): Promise<Reply<"GET /v1/webhooks/{webhook_id}">> {
  const detail = await client.call("GET /v1/webhooks/{webhook_id}", { params: { webhook_id: wanted.webhookId } });
  const check = detail.last_check;
  if (check?.check_id === wanted.checkId && check.finished_at !== null) return detail;
  if (Date.now() > wanted.deadline)
    throw new CommandError(`no result of check ${wanted.checkId} yet; look again with aqueduto webhook list`);
  await delay(200);
  return resultOf(client, wanted);
}
