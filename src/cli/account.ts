import type { Command } from "commander";
import { askPassphrase } from "./passphrase.ts";
import { connectAsPerson } from "./connect.ts";
import { defined } from "./defined.ts";
import { show, table } from "./output.ts";
import { keepSession } from "./own-session.ts";
import { addApp, giveFactor } from "./second-factor.ts";

type PasswordOptions = { currentFile?: string; newFile?: string };

/** `aqueduto account …`: what the signed-in person signs in with. They speak as the person of sign-in. */
export function addAccount(program: Command): void {
  const account = program
    .command("account")
    .description("what you sign in with: confirm, password, factors, add-app, remove-factor, recovery-codes")
    .addHelpText("after", "\nExample:\n  aqueduto account factors");
  account
    .command("confirm")
    .description("give a second factor again, where a command asks for a fresh one")
    .option("--code <digits>", "six digits of the authenticator app (default: asked, a recovery code too)")
    .addHelpText("after", "\nExample:\n  aqueduto account confirm")
    .action(confirm);
  account
    .command("password")
    .description("change your password; your other sessions end")
    .option("--current-file <file>", "file whose first line is the password now (default: asked)")
    .option("--new-file <file>", "file whose first line is the new one (default: asked)")
    .addHelpText("after", "\nExample:\n  aqueduto account password")
    .action(changePassword);
  addFactors(account);
}

function addFactors(account: Command): void {
  account
    .command("factors")
    .description("list your second factors")
    .addHelpText("after", "\nExample:\n  aqueduto account factors --json")
    .action(listFactors);
  account
    .command("add-app")
    .description("add an authenticator app; passkeys are added in the console")
    .option("--name <name>", "name of the app", "app")
    .addHelpText("after", "\nExample:\n  aqueduto account add-app --name celular")
    .action(async ({ name }: { name: string }, command: Command) => {
      const { client, session } = await connectAsPerson(command);
      const added = await addApp(client, name);
      await keepSession(session, client);
      show(command, added, () => [`${added.factor_id} was added.`, ...added.recovery_codes]);
    });
  account
    .command("remove-factor")
    .description("remove a second factor; the last one stays")
    .argument("<factor-id>", "id of the factor (aqueduto account factors)")
    .addHelpText("after", "\nExample:\n  aqueduto account remove-factor fac_01j8…")
    .action(async (id: string, _options: object, command: Command) => {
      const { client } = await connectAsPerson(command);
      const done = await client.call("POST /v1/factors/{factor_id}/remove", { params: { factor_id: id } });
      show(command, done, () => [`${done.factor_id} was removed.`]);
    });
  account
    .command("recovery-codes")
    .description("replace your recovery codes; the new ones are shown once")
    .addHelpText("after", "\nExample:\n  aqueduto account recovery-codes")
    .action(async (_options: object, command: Command) => {
      const { client } = await connectAsPerson(command);
      const made = await client.call("POST /v1/recovery-codes");
      show(command, made, () => [...made.recovery_codes, "Each is good once. They are not shown again."]);
    });
}

async function confirm(options: { code?: string }, command: Command): Promise<void> {
  const { client, session } = await connectAsPerson(command);
  await giveFactor(client, options.code);
  const who = await keepSession(session, client);
  show(command, defined({ user_id: who.user_id, second_factor_at: who.second_factor_at ?? undefined }), () => [
    `Confirmed at ${who.second_factor_at ?? "-"}.`,
  ]);
}

async function changePassword(options: PasswordOptions, command: Command): Promise<void> {
  const { client } = await connectAsPerson(command);
  const current = await askPassphrase(options.currentFile, { twice: false, what: "Password now" });
  const password = await askPassphrase(options.newFile, { twice: true, what: "New password" });
  const done = await client.call("POST /v1/password", { body: { current, password } });
  show(command, done, () => [`The password is changed; ${done.ended_sessions} other sessions ended.`]);
}

async function listFactors(_options: object, command: Command): Promise<void> {
  const { client } = await connectAsPerson(command);
  const found = await client.call("GET /v1/factors");
  show(command, found, () => [
    ...table([
      ["FACTOR", "KIND", "ADDED", "LAST USED", "NAME"],
      ...found.items.map((one) => [one.factor_id, one.kind, one.created_at, one.last_used_at ?? "never", one.name]),
    ]),
    `${found.recovery_codes_left} recovery codes left`,
  ]);
}
