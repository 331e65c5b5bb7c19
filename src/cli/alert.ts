import type { Command } from "commander";
import { connect } from "./connect.ts";
import { defined } from "./defined.ts";
import { everyPage } from "./every-page.ts";
import { oneOf } from "./one-of.ts";
import { show, table } from "./output.ts";

/** `aqueduto alert …`: what needs somebody's eye. */
export function addAlert(program: Command): void {
  const alert = program
    .command("alert")
    .description("what needs somebody's eye: list, ack")
    .addHelpText("after", "\nExample:\n  aqueduto alert list --state raised");
  alert
    .command("list")
    .description("list alerts, newest first")
    .option("--state <state>", "raised, acknowledged or resolved")
    .addHelpText("after", "\nExample:\n  aqueduto alert list --state raised")
    .action(list);
  alert
    .command("ack")
    .description("say that somebody looks after an alert")
    .argument("<alert-id>", "id of the alert")
    .addHelpText("after", "\nExample:\n  aqueduto alert ack alt_01j8…")
    .action(acknowledge);
}

async function list(options: { state?: string }, command: Command): Promise<void> {
  const state = options.state === undefined ? undefined : oneOf(options.state, ["raised", "acknowledged", "resolved"] as const, "--state");
  const api = await connect(command);
  const items = await everyPage((page) => api.call("GET /v1/alerts", { query: { ...page, ...defined({ state }) } }));
  show(command, items, () =>
    table([
      ["ALERT", "STATE", "RAISED", "RULE", "ABOUT", "DETAIL"],
      ...items.map((one) => [one.alert_id, one.state, one.raised_at, one.rule, one.subject, JSON.stringify(one.detail)]),
    ]),
  );
}

async function acknowledge(id: string, _options: object, command: Command): Promise<void> {
  const api = await connect(command);
  const one = await api.call("POST /v1/alerts/{alert_id}/acknowledge", { params: { alert_id: id } });
  show(command, one, () => [`${one.alert_id}  ${one.rule} ${one.subject} is ${one.state}`]);
}
