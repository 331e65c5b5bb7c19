import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import { connect } from "./connect.ts";
import { CommandError } from "./failure.ts";
import { show, table } from "./output.ts";
import { applySteps, type Done } from "./policy-apply.ts";
import { parsePolicyFile, type PolicyFile, PolicyFileError } from "./policy-file.ts";
import { planPolicy, type Step } from "./policy-plan.ts";
import { readPolicyState } from "./policy-state.ts";

/** `aqueduto apply policy.yaml`: brings the store to what a file states; licenses are submitted, never approved. */
export function addApply(program: Command): void {
  program
    .command("apply")
    .description("show what a policy file would change, and with --yes change it; licenses are submitted, people approve them")
    .argument("<file>", "policy in YAML (aqueduto export writes one); - reads it from standard input")
    .option("--yes", "carry the plan out")
    .addHelpText(
      "after",
      "\nExit codes: 0 nothing to do or all done, 1 something failed or cannot be, 3 the plan has changes.\nExample:\n  aqueduto apply policy.yaml\n  aqueduto apply policy.yaml --yes",
    )
    .action((file: string, options: { yes?: boolean }, command: Command) => apply(file, options.yes === true, command));
}

async function apply(file: string, yes: boolean, command: Command): Promise<void> {
  const wanted = await readPolicy(file);
  const client = await connect(command);
  const steps = planPolicy(wanted, await readPolicyState(client));
  const blocked = steps.some((step) => step.action === "cannot");
  const changes = steps.filter((step) => step.action === "create" || step.action === "change");
  if (!yes || blocked || changes.length === 0) {
    show(command, { steps: steps.map(shownStep), applied: false }, () => [...planLines(steps), summary(steps, yes && blocked)]);
    process.exitCode = blocked ? 1 : changes.length > 0 ? 3 : 0;
    return;
  }
  const done: Done[] = [];
  const sound = await applySteps(client, steps, (one) => done.push(one));
  show(command, { steps: done.map(shownDone), applied: true }, () => [...done.flatMap(doneLines), `${done.length} steps`]);
  if (!sound) process.exitCode = 1;
}

async function readPolicy(file: string): Promise<PolicyFile> {
  try {
    return parsePolicyFile(file === "-" ? await text(process.stdin) : await readFile(file, "utf8"));
  } catch (error) {
    if (error instanceof PolicyFileError)
      throw new CommandError(`${file} is not a policy:\n  ${error.faults.join("\n  ")}`, { usage: true });
    throw new CommandError(`${file} cannot be read`, { usage: true, cause: error });
  }
}

function planLines(steps: readonly Step[]): string[] {
  const rows = steps.map((step) => [
    step.action.toUpperCase(),
    step.kind,
    step.kind === "partner" ? step.name : `${step.partner} / ${step.name}`,
    step.note ?? "",
  ]);
  return table([["ACTION", "KIND", "NAME", "NOTE"], ...rows]);
}

function summary(steps: readonly Step[], refused: boolean): string {
  const count = (action: Step["action"]) => steps.filter((step) => step.action === action).length;
  const counts = (["create", "change", "unchanged", "waits", "cannot"] as const).map((action) => `${count(action)} ${action}`).join(", ");
  if (refused) return `${counts}. Nothing was changed: first settle what cannot be.`;
  return count("create") + count("change") === 0 ? `${counts}. Nothing to do.` : `${counts}. Nothing was changed; --yes carries it out.`;
}

function doneLines({ step, outcome, detail, secret }: Done): string[] {
  const name = step.kind === "partner" ? step.name : `${step.partner} / ${step.name}`;
  const line = `${outcome === "done" ? "ok    " : "FAILED"}  ${step.action} ${step.kind} ${name}${detail === undefined ? "" : `: ${detail}`}`;
  return secret === undefined ? [line] : [line, `        secret ${secret} (not shown again)`];
}

function shownStep({ kind, partner, name, action, note, id }: Step): object {
  return { kind, partner, name, action, ...(note === undefined ? {} : { note }), ...(id === undefined ? {} : { id }) };
}

function shownDone({ step, outcome, detail, secret }: Done): object {
  return { ...shownStep(step), outcome, ...(detail === undefined ? {} : { detail }), ...(secret === undefined ? {} : { secret }) };
}
