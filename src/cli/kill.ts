import type { Command } from "commander";
import { connect } from "./connect.ts";
import { defined } from "./defined.ts";
import { everyPage } from "./every-page.ts";
import { CommandError } from "./failure.ts";
import { oneOf } from "./one-of.ts";
import { show, table } from "./output.ts";
import { spread } from "./spread.ts";

const levels = ["token", "access", "license", "partner", "service", "all"] as const;

/** `aqueduto kill …`: off at once, and back. */
export function addKill(program: Command): void {
  const kill = program
    .command("kill")
    .description("kill switches: set, undo, show, list; off at once, and back")
    .addHelpText("after", "\nExample:\n  aqueduto kill list --on");
  kill
    .command("set")
    .description("turn off a token, access, license, partner or service, or everything")
    .argument("<level>", levels.join(", "))
    .argument("[target-id]", "id of what is turned off; none for all")
    .requiredOption("--reason <text>", "why, for the audit")
    .addHelpText(
      "after",
      "\nExamples:\n  aqueduto kill set partner par_01j8… --reason 'key leaked'\n  aqueduto kill set all --reason 'incident 7'",
    )
    .action(set);
  kill
    .command("undo")
    .description("give back what a switch turned off (people only)")
    .argument("<switch-id>", "id of the switch")
    .requiredOption("--reason <text>", "why, for the audit")
    .addHelpText("after", "\nExample:\n  aqueduto --as-me kill undo ksw_01j8… --reason 'new key in place'")
    .action(async (id: string, options: { reason: string }, command: Command) => {
      const api = await connect(command);
      const done = await api.call("POST /v1/kill-switches/{switch_id}/undo", { params: { switch_id: id }, body: options });
      show(command, done, () => [`${done.switch_id} was undone at ${done.undone_at}`, ...spread(done)]);
    });
  kill
    .command("list")
    .description("list kill switches")
    .option("--on", "only those that are on")
    .addHelpText("after", "\nExample:\n  aqueduto kill list --on")
    .action(list);
  kill
    .command("show")
    .description("show a kill switch")
    .argument("<switch-id>", "id of the switch")
    .addHelpText("after", "\nExample:\n  aqueduto kill show ksw_01j8…")
    .action(showOne);
}

async function showOne(id: string, _options: object, command: Command): Promise<void> {
  const api = await connect(command);
  const one = await api.call("GET /v1/kill-switches/{switch_id}", { params: { switch_id: id } });
  show(command, one, () => [
    `${one.switch_id}  ${one.level} ${one.target_id ?? ""}`.trimEnd(),
    `set     ${one.set_at} by ${one.set_by}: ${one.reason}`,
    one.undone_at === null ? "It is on." : `undone  ${one.undone_at} by ${one.undone_by ?? "-"}: ${one.undone_reason ?? ""}`,
  ]);
}

async function set(level: string, target: string | undefined, options: { reason: string }, command: Command): Promise<void> {
  const known = oneOf(level, levels, "the level");
  if ((known === "all") !== (target === undefined))
    throw new CommandError(known === "all" ? "all takes no id" : `which ${known}? its id is missing`, { usage: true });
  const api = await connect(command);
  const body = { level: known, reason: options.reason, ...defined({ target_id: target }) };
  const done = await api.call("POST /v1/kill-switches", { body });
  show(command, done, () => [
    `switch ${done.switch_id}: ${[done.level, done.target_id ?? []].flat().join(" ")} is off since ${done.set_at}`,
    ...spread(done),
  ]);
}

async function list(options: { on?: boolean }, command: Command): Promise<void> {
  const api = await connect(command);
  const filter = options.on === true ? { state: "on" as const } : {};
  const items = await everyPage((page) => api.call("GET /v1/kill-switches", { query: { ...page, ...filter } }));
  show(command, items, () =>
    table([
      ["SWITCH", "LEVEL", "TARGET", "SET", "UNDONE", "REASON"],
      ...items.map((one) => [one.switch_id, one.level, one.target_id ?? "", one.set_at, one.undone_at ?? "", one.reason]),
    ]),
  );
}
