import type { Command } from "commander";
import { stringify } from "yaml";
import { connect } from "./connect.ts";
import { wantsJson } from "./output.ts";
import { exportPolicy } from "./policy-export.ts";
import { readPolicyState } from "./policy-state.ts";

/** `aqueduto export`: the policy as a file that apply takes; secrets and tokens are never in it, people only when asked for. */
export function addExport(program: Command): void {
  program
    .command("export")
    .description("write partners, licenses, clients, accesses and webhooks as YAML that apply takes; never a secret or a token")
    .option("--people", "also the responsible person and the encarregado of each license (personal data)")
    .addHelpText("after", "\nExample:\n  aqueduto export > policy.yaml")
    .action((options: { people?: boolean }, command: Command) => run(options.people === true, command));
}

async function run(people: boolean, command: Command): Promise<void> {
  const file = exportPolicy(await readPolicyState(await connect(command)), people);
  process.stdout.write(wantsJson(command) ? `${JSON.stringify(file)}\n` : stringify(file, { lineWidth: 120 }));
}
