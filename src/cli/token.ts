import type { Command } from "commander";
import { connect } from "./connect.ts";
import { CommandError } from "./failure.ts";
import { allPages, show, table } from "./output.ts";

const choices = ["0", "15m", "1h", "24h"] as const;

/** `aqueduto token …`: the keys that clients present. */
export function addToken(program: Command): void {
  const token = program
    .command("token")
    .description("tokens of accesses: create, regenerate, revoke, list")
    .addHelpText("after", "\nExample:\n  aqueduto token list");
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
    .addHelpText("after", "\nExample:\n  aqueduto token regenerate --access acc_01j8… --overlap 15m --json")
    .action((options: { access: string; overlap: string }, command: Command) => regenerate(options, command));
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
    body: options.expires === undefined ? {} : { expires_at: options.expires },
  });
  show(command, made, () => [`token    ${made.token}`, `token id ${made.token_id}`, "It is not shown again.", spread(made)]);
}

async function regenerate(options: { access: string; overlap: string }, command: Command): Promise<void> {
  const overlap = overlapOf(options.overlap);
  const client = await connect(command);
  const made = await client.call("POST /v1/accesses/{access_id}/tokens/regenerate", {
    params: { access_id: options.access },
    body: { overlap },
  });
  show(command, made, () => [
    `token    ${made.token}`,
    `token id ${made.token_id}`,
    made.retiring_until === null ? "The token before no longer works." : `The token before works until ${made.retiring_until}.`,
    "It is not shown again.",
    spread(made),
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
  show(command, done, () => [`${done.token_id} ended at ${done.ended_at}`, spread(done)]);
}

async function list(options: { access?: string }, command: Command): Promise<void> {
  const client = await connect(command);
  const query = options.access === undefined ? {} : { access_id: options.access };
  const items = await allPages((page) => client.call("GET /v1/tokens", { query: { ...query, ...page } }));
  show(command, items, () =>
    table([
      ["TOKEN", "ACCESS", "ENDS WITH", "STATE", "CREATED"],
      ...items.map((one) => [one.token_id, one.access_id, one.hint, one.state, one.created_at]),
    ]),
  );
}

/** One line on how far a change has got. */
function spread(change: { state: string; nodes: { node_id: string; milliseconds: number }[]; latest?: string }): string {
  if (change.state === "in_force") return `In force on every node (${change.nodes.length}).`;
  const missing = change.nodes.map((node) => node.node_id).join(", ");
  return `Stored; not yet confirmed by ${missing}${change.latest === undefined ? "" : `, at the latest by ${change.latest}`}.`;
}
