import { Command, CommanderError } from "commander";
import { addAudit } from "./audit.ts";
import { addDemo } from "./demo.ts";
import { addDoctor } from "./doctor.ts";
import { failureOf } from "./failure.ts";
import { addLicense } from "./license.ts";
import { addListen } from "./listen.ts";
import { addStart } from "./start.ts";
import { addToken } from "./token.ts";
import { addWebhook } from "./webhook.ts";

/** Makes the whole command; apart from `main`, so that tests can read its help. With `json`, wrong usage prints no text. */
export function createProgram({ json = false } = {}): Command {
  const program = new Command("aqueduto")
    .description("Integration platform in front of GSAN: licensed API gateway, signed webhooks, verifiable audit.")
    .option("--json", "print one JSON document instead of text")
    .option("--admin <url>", "admin API to speak to (default: the platform of this machine)")
    .option("--key-file <file>", "file with the API key (default: the operator's key of this machine)")
    .addHelpText("after", "\nExamples:\n  aqueduto start\n  aqueduto doctor\n  aqueduto token --help")
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  if (json) program.configureOutput({ writeErr: () => undefined });
  else program.showHelpAfterError("(aqueduto --help shows the commands)");
  program.hook("preAction", (_program, command) => outliveReaders(command));
  for (const add of [addStart, addDemo, addToken, addLicense, addWebhook, addListen, addAudit, addDoctor]) add(program);
  return program;
}

/** A reader of our output that goes away (`| head`, a closed terminal) ends a command quietly, and the platform not at all. */
function outliveReaders(command: Command): void {
  const runsOn = command.name() === "start";
  process.stdout.on("error", () => (runsOn ? undefined : process.exit()));
  process.stderr.on("error", () => undefined);
}

/** Runs the command. Exit codes: 0 done, 1 it failed, 2 it was called wrongly. */
export async function main(argv: string[]): Promise<void> {
  const json = argv.includes("--json");
  try {
    await createProgram({ json }).parseAsync(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && (error.exitCode === 0 || !json)) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    const failure = failureOf(error);
    console.error(json ? JSON.stringify({ error: failure }) : `aqueduto: ${failure.message}`);
    process.exitCode = failure.usage === true ? 2 : 1;
  }
}
