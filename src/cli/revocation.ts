import type { Command } from "commander";
import { connect } from "./connect.ts";
import { defined } from "./defined.ts";
import { everyPage } from "./every-page.ts";
import { oneOf } from "./one-of.ts";
import { show, table } from "./output.ts";
import { spread } from "./spread.ts";

/** `aqueduto revocation …`: the proof that something taken away is accepted nowhere any more. */
export function addRevocation(program: Command): void {
  const revocation = program
    .command("revocation")
    .description("revocations and how far they have got: show, list")
    .addHelpText("after", "\nExample:\n  aqueduto revocation list --state committed");
  revocation
    .command("show")
    .description("show how far a revocation has got, of a switch or of anything else that was taken away")
    .argument("<revocation-id>", "id of the revocation")
    .addHelpText("after", "\nExample:\n  aqueduto revocation show rev_01j8…")
    .action(showOne);
  revocation
    .command("list")
    .description("list revocations, newest first")
    .option("--state <state>", "committed (some node may still accept) or in_force")
    .addHelpText("after", "\nExample:\n  aqueduto revocation list --json")
    .action(list);
}

async function showOne(id: string, _options: object, command: Command): Promise<void> {
  const api = await connect(command);
  const one = await api.call("GET /v1/revocations/{revocation_id}", { params: { revocation_id: id } });
  show(command, one, () => [
    `${one.what} of ${one.target.kind} ${one.target.id}, epoch ${one.epoch}, asked at ${one.requested_at}`,
    ...(one.in_force_at === null ? [] : [`in force at ${one.in_force_at}`]),
    ...spread(one),
  ]);
}

async function list(options: { state?: string }, command: Command): Promise<void> {
  const state = options.state === undefined ? undefined : oneOf(options.state, ["committed", "in_force"] as const, "--state");
  const api = await connect(command);
  const items = await everyPage((page) => api.call("GET /v1/revocations", { query: { ...page, ...defined({ state }) } }));
  show(command, items, () =>
    table([
      ["REVOCATION", "STATE", "ASKED", "WHAT", "OF"],
      ...items.map((one) => [one.revocation_id, one.state, one.requested_at, one.what, `${one.target.kind} ${one.target.id}`]),
    ]),
  );
}
