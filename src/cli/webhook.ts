import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import type { Client } from "../contract/client.ts";
import type { Reply } from "../contract/routes.ts";
import { connect } from "./connect.ts";
import { defined } from "./defined.ts";
import { everyPage } from "./every-page.ts";
import { CommandError } from "./failure.ts";
import { oneOf } from "./one-of.ts";
import { show, table } from "./output.ts";
import { wholeNumber } from "./whole-number.ts";

type NewOptions = { license: string; url: string; name: string; events: string; mode: string; maxBatch?: string };
type UpdateOptions = { url?: string; name?: string; events?: string; maxBatch?: string };

/** `aqueduto webhook …`: where events go. */
export function addWebhook(program: Command): void {
  const webhook = program
    .command("webhook")
    .description("webhooks of licenses: add, show, list, update, test")
    .addHelpText("after", "\nExample:\n  aqueduto webhook list");
  webhook
    .command("add")
    .description("add a webhook; its secret is shown once, and it gets events after `webhook test` has succeeded")
    .requiredOption("--license <id>", "license it belongs to")
    .requiredOption("--url <url>", "https address that receives")
    .requiredOption("--events <types>", "event types, with commas between")
    .option("--name <text>", "name for people", "webhook")
    .option("--mode <mode>", "live or test events", "live")
    .option("--max-batch <n>", "most items in one delivery, 1 to 500")
    .addHelpText(
      "after",
      "\nExample:\n  aqueduto webhook add --license lic_01j8… --url https://bank.example/hooks --events client-transaction",
    )
    .action((options: NewOptions, command: Command) => add(options, command));
  addKeeping(webhook);
}

function addKeeping(webhook: Command): void {
  webhook
    .command("show")
    .description("show a webhook and its last check")
    .argument("<webhook-id>", "id of the webhook")
    .addHelpText("after", "\nExample:\n  aqueduto webhook show whk_01j8…")
    .action((id: string, _options: object, command: Command) => showOne(id, command));
  webhook
    .command("update")
    .description("change a webhook; another address has to be tested again")
    .argument("<webhook-id>", "id of the webhook")
    .option("--url <url>", "https address that receives")
    .option("--events <types>", "event types, with commas between; replaces all")
    .option("--name <text>", "name for people")
    .option("--max-batch <n>", "most items in one delivery, 1 to 500")
    .addHelpText("after", "\nExample:\n  aqueduto webhook update whk_01j8… --url https://bank.example/hooks/v2")
    .action((id: string, options: UpdateOptions, command: Command) => update(id, options, command));
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
  const body = {
    license_id: options.license,
    url: options.url,
    name: options.name,
    mode: oneOf(options.mode, ["live", "test"] as const, "--mode"),
    event_types: typesOf(options.events),
    ...defined({ max_batch: batchOf(options.maxBatch) }),
  };
  const client = await connect(command);
  const made = await client.call("POST /v1/webhooks", { body });
  show(command, made, () => [
    `webhook ${made.webhook_id} (${made.state})`,
    `secret  ${made.secret}`,
    `It is not shown again. Next: aqueduto webhook test ${made.webhook_id}`,
  ]);
}

function typesOf(text: string): string[] {
  return text.split(",").map((type) => type.trim());
}

function batchOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : wholeNumber(text, { option: "--max-batch", from: 1, to: 500 });
}

/** Reads the webhook first and changes that state alone: a change of somebody else in between is not written over. */
async function update(webhookId: string, options: UpdateOptions, command: Command): Promise<void> {
  const body = defined({
    url: options.url,
    name: options.name,
    event_types: options.events === undefined ? undefined : typesOf(options.events),
    max_batch: batchOf(options.maxBatch),
  });
  if (Object.keys(body).length === 0) throw new CommandError("nothing to change: name what is to change", { usage: true });
  const client = await connect(command);
  const params = { webhook_id: webhookId };
  const { etag } = await client.read("GET /v1/webhooks/{webhook_id}", { params });
  const done = await client.call("PATCH /v1/webhooks/{webhook_id}", { params, headers: { "if-match": etag }, body });
  const next = done.state === "pending" ? [`Next: aqueduto webhook test ${webhookId}`] : [];
  show(command, done, () => [`webhook ${webhookId} is ${done.state}`, ...next]);
}

async function showOne(webhookId: string, command: Command): Promise<void> {
  const client = await connect(command);
  const one = await client.call("GET /v1/webhooks/{webhook_id}", { params: { webhook_id: webhookId } });
  const check = one.last_check;
  show(command, one, () => [
    `${one.webhook_id}  ${one.name}  (${one.mode}, ${one.state}${one.state_reason === null ? "" : `: ${one.state_reason}`})`,
    `license  ${one.license_id}`,
    `url      ${one.url}`,
    `events   ${one.event_types.join(", ")}, up to ${one.max_batch} in one delivery`,
    ...(check === null ? [] : [`check    ${check.state}  ${check.requested_at}  ${check.error_code ?? ""}`.trimEnd()]),
  ]);
}

async function list(options: { license?: string }, command: Command): Promise<void> {
  const client = await connect(command);
  const query = defined({ license_id: options.license });
  const items = await everyPage((page) => client.call("GET /v1/webhooks", { query: { ...query, ...page } }));
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
