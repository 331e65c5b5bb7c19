import { Command, CommanderError } from "commander";
import { addAccess } from "./access.ts";
import { addAccount } from "./account.ts";
import { addAlert } from "./alert.ts";
import { addApply } from "./apply.ts";
import { addApprovalMode } from "./approval-mode.ts";
import { addAudit } from "./audit.ts";
import { addClient } from "./client.ts";
import { addDelivery } from "./delivery.ts";
import { addDemo } from "./demo.ts";
import { addDoctor } from "./doctor.ts";
import { addEvent } from "./event.ts";
import { addExport } from "./export.ts";
import { addIdentityProvider } from "./identity-provider.ts";
import { failureOf } from "./failure.ts";
import { addKill } from "./kill.ts";
import { addKeys } from "./keys.ts";
import { addKey } from "./key.ts";
import { addLicense } from "./license.ts";
import { addListen } from "./listen.ts";
import { addNode } from "./node.ts";
import { addOpenapi } from "./openapi.ts";
import { addOperation } from "./operation.ts";
import { addPartner } from "./partner.ts";
import { addPrivacy } from "./privacy.ts";
import { addRequest } from "./request.ts";
import { addRevocation } from "./revocation.ts";
import { addSession } from "./session.ts";
import { addService } from "./service.ts";
import { addSignIn } from "./sign-in.ts";
import { addStart } from "./start.ts";
import { addToken } from "./token.ts";
import { addUser } from "./user.ts";
import { addWebhook } from "./webhook.ts";

/** Makes the whole command; apart from `main`, so that tests can read its help. With `json`, wrong usage prints no text. */
export function createProgram({ json = false } = {}): Command {
  const program = new Command("aqueduto")
    .description("Integration platform in front of GSAN: licensed API gateway, signed webhooks, verifiable audit.")
    .option("--json", "print one JSON document instead of text")
    .option("--admin <url>", "admin API to speak to (default: the platform of this machine)")
    .option("--key-file <file>", "file with the API key (default: the operator's key of this machine)")
    .option("--as-me", "speak as the person of aqueduto sign-in, not with an API key")
    .addHelpText("after", "\nExamples:\n  aqueduto start\n  aqueduto doctor\n  aqueduto token --help")
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  if (json) program.configureOutput({ writeErr: () => undefined });
  else program.showHelpAfterError("(aqueduto --help shows the commands)");
  program.hook("preAction", (_program, command) => outliveReaders(command));
  for (const add of [
    addStart,
    addDemo,
    addPartner,
    addClient,
    addAccess,
    addToken,
    addKill,
    addRevocation,
    addNode,
    addLicense,
    addApprovalMode,
    addWebhook,
    addDelivery,
    addEvent,
    addListen,
    addAudit,
    addRequest,
    addAlert,
    addService,
    addOperation,
    addPrivacy,
    addKeys,
    addApply,
    addExport,
    addUser,
    addIdentityProvider,
    addSignIn,
    addAccount,
    addSession,
    addKey,
    addOpenapi,
    addDoctor,
  ])
    add(program);
  return program;
}

/** A reader of our output that goes away (`| head`, a closed terminal) ends a command quietly, and the platform not at all. */
function outliveReaders(command: Command): void {
  const gone = command.name() === "start" ? goOn : endQuietly;
  process.stdout.off("error", gone).on("error", gone);
  process.stderr.off("error", goOn).on("error", goOn);
}

function endQuietly(): void {
  process.exit();
}

function goOn(): void {}

/** Runs the command. Exit codes: 0 done, 1 it failed or was refused, 2 it was called wrongly; `apply` has 3 for a plan with changes. */
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
