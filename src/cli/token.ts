import { createHash, randomBytes } from "node:crypto";
import type { Command } from "commander";
import { connect } from "./connect.ts";
import { defined } from "./defined.ts";
import { everyPage } from "./every-page.ts";
import { CommandError } from "./failure.ts";
import { show, table } from "./output.ts";
import { spread } from "./spread.ts";

const choices = ["0", "15m", "1h", "24h"] as const;

/** `aqueduto token …`: the keys that clients present. */
export function addToken(program: Command): void {
  const token = program
    .command("token")
    .description("tokens of accesses: new, register, create, regenerate, update, revoke, show, list")
    .addHelpText("after", "\nExample:\n  aqueduto token list");
  token
    .command("new")
    .description("make a token here, offline: keep the value, register its SHA-256")
    .addHelpText("after", "\nExample:\n  aqueduto token new --json")
    .action((_options: object, command: Command) => makeOwn(command));
  addMaking(token);
  addKeeping(token);
}

function addMaking(token: Command): void {
  token
    .command("register")
    .description("make a value that only you have seen the token of its access, by its SHA-256")
    .requiredOption("--access <id>", "access of the token: confidential, bound to networks")
    .requiredOption("--sha256 <hex>", "SHA-256 of the value (aqueduto token new prints it)")
    .option("--overlap <time>", "replace the live token, which stays valid for: 0, 15m, 1h, 24h or an RFC 3339 instant")
    .option("--expires <instant>", "when it ends, RFC 3339")
    .addHelpText("after", "\nExample:\n  aqueduto token register --access acc_01j8… --sha256 9f86d08…")
    .action(register);
  token
    .command("create")
    .description("create the token of an access that has none; it is shown once")
    .requiredOption("--access <id>", "access of the token")
    .option("--expires <instant>", "when it ends, RFC 3339")
    .addHelpText("after", "\nExample:\n  aqueduto token create --access acc_01j8… --expires 2027-01-31T00:00:00-03:00")
    .action((options: { access: string; expires?: string }, command: Command) => create(options, command));
  token
    .command("regenerate")
    .description("replace the token of an access; the new one is shown once")
    .requiredOption("--access <id>", "access of the token")
    .requiredOption("--overlap <time>", "how long the old one stays valid: 0, 15m, 1h, 24h or an RFC 3339 instant")
    .option("--expires <instant>", "when the new one ends, RFC 3339")
    .addHelpText("after", "\nExample:\n  aqueduto token regenerate --access acc_01j8… --overlap 15m --json")
    .action((options: { access: string; overlap: string; expires?: string }, command: Command) => regenerate(options, command));
}

function addKeeping(token: Command): void {
  token
    .command("show")
    .description("show a token and who still uses it")
    .argument("<token-id>", "id of the token")
    .addHelpText("after", "\nExample:\n  aqueduto token show tok_01j8…")
    .action((id: string, _options: object, command: Command) => showOne(id, command));
  token
    .command("update")
    .description("change when a token ends")
    .argument("<token-id>", "id of the token")
    .requiredOption("--expires <instant>", "when it ends, RFC 3339, or never: with its access")
    .addHelpText("after", "\nExample:\n  aqueduto token update tok_01j8… --expires 2027-01-31T00:00:00-03:00")
    .action((id: string, options: { expires: string }, command: Command) => update(id, options.expires, command));
  token
    .command("revoke")
    .description("end a token for good")
    .argument("<token-id>", "id of the token (aqueduto token list shows it)")
    .option("--reason <text>", "why, for the audit", "revoked by the operator")
    .addHelpText("after", "\nExample:\n  aqueduto token revoke tok_01j8… --reason 'found in a public repository'")
    .action((id: string, options: { reason: string }, command: Command) => revoke(id, options.reason, command));
  token
    .command("list")
    .description("list tokens; their values are never shown")
    .option("--access <id>", "of this access only")
    .addHelpText("after", "\nExample:\n  aqueduto token list --json")
    .action((options: { access?: string }, command: Command) => list(options, command));
}

async function create(options: { access: string; expires?: string }, command: Command): Promise<void> {
  const client = await connect(command);
  const made = await client.call("POST /v1/accesses/{access_id}/tokens", {
    params: { access_id: options.access },
    body: defined({ expires_at: options.expires }),
  });
  show(command, made, () => [`token    ${made.token}`, `token id ${made.token_id}`, "It is not shown again.", ...spread(made)]);
}

async function regenerate(options: { access: string; overlap: string; expires?: string }, command: Command): Promise<void> {
  const overlap = overlapOf(options.overlap);
  const client = await connect(command);
  const made = await client.call("POST /v1/accesses/{access_id}/tokens/regenerate", {
    params: { access_id: options.access },
    body: { overlap, ...defined({ expires_at: options.expires }) },
  });
  show(command, made, () => [
    `token    ${made.token}`,
    `token id ${made.token_id}`,
    made.retiring_until === null ? "The token before no longer works." : `The token before works until ${made.retiring_until}.`,
    "It is not shown again.",
    ...spread(made),
  ]);
}

function overlapOf(text: string): string {
  if ((choices as readonly string[]).includes(text)) return text;
  if (/^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new CommandError(`--overlap is one of ${choices.join(", ")}, or an instant such as 2027-01-31T00:00:00-03:00`, { usage: true });
}

async function revoke(tokenId: string, reason: string, command: Command): Promise<void> {
  const client = await connect(command);
  const done = await client.call("POST /v1/tokens/{token_id}/revoke", { params: { token_id: tokenId }, body: { reason } });
  show(command, done, () => [`${done.token_id} ended at ${done.ended_at}`, ...spread(done)]);
}

async function update(tokenId: string, expires: string, command: Command): Promise<void> {
  const client = await connect(command);
  const params = { token_id: tokenId };
  const { etag } = await client.read("GET /v1/tokens/{token_id}", { params });
  const body = { expires_at: expires === "never" ? null : expires };
  const done = await client.call("PATCH /v1/tokens/{token_id}", { params, headers: { "if-match": etag }, body });
  show(command, done, () => [`${done.token_id} ends ${done.expires_at ?? "with its access"}`, ...spread(done)]);
}

async function list(options: { access?: string }, command: Command): Promise<void> {
  const client = await connect(command);
  const filter = defined({ access_id: options.access });
  const items = await everyPage((page) => client.call("GET /v1/tokens", { query: { ...page, ...filter } }));
  show(command, items, () =>
    table([
      ["TOKEN", "ACCESS", "ENDS WITH", "STATE", "CREATED", "LAST USE"],
      ...items.map((one) => [one.token_id, one.access_id, one.hint, one.state, one.created_at, useOf(one.last_use)]),
    ]),
  );
}

function useOf(use: { at: string; operation_id: string | null; status: number; address: string | null } | null): string {
  if (use === null) return "never";
  return [use.at, use.operation_id ?? "-", String(use.status), use.address ?? ""].join(" ").trimEnd();
}

async function showOne(tokenId: string, command: Command): Promise<void> {
  const client = await connect(command);
  const one = await client.call("GET /v1/tokens/{token_id}", { params: { token_id: tokenId } });
  show(command, one, () => [
    `${one.token_id}  (${one.state}${one.own ? ", made by the client" : ""}, ends with ${one.hint})`,
    `access   ${one.access_id}`,
    `expires  ${one.expires_at ?? "with its access"}`,
    ...(one.retiring_until === null ? [] : [`retires  ${one.retiring_until}`]),
    ...(one.uses.length === 0 ? ["never used"] : []),
    ...one.uses.map((use) => `used     ${useOf(use)}  ${use.calls} calls since ${use.first_at}  ${use.agent ?? ""}`.trimEnd()),
  ]);
}

/** A value of 256 random bits in the grammar of tokens that clients make. Nothing leaves this machine. */
function makeOwn(command: Command): void {
  const token = `own_${randomBytes(32).toString("base64url")}`;
  const sha256 = createHash("sha256").update(token).digest("hex");
  show(command, { token, sha256 }, () => [
    `token  ${token}`,
    `sha256 ${sha256}`,
    "Keep the token with the application; register the sha256. Nothing was sent anywhere.",
  ]);
}

type RegisterOptions = { access: string; sha256: string; overlap?: string; expires?: string };

async function register(options: RegisterOptions, command: Command): Promise<void> {
  const overlap = options.overlap === undefined ? undefined : overlapOf(options.overlap);
  const client = await connect(command);
  const made = await client.call("POST /v1/accesses/{access_id}/tokens/register", {
    params: { access_id: options.access },
    body: { sha256: options.sha256, ...defined({ overlap, expires_at: options.expires }) },
  });
  show(command, made, () => [
    `token id ${made.token_id}`,
    ...(made.retiring_until === null ? [] : [`The token before works until ${made.retiring_until}.`]),
    ...spread(made),
  ]);
}
