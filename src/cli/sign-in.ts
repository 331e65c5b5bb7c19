import type { Command } from "commander";
import { type Client, createClient } from "../contract/client.ts";
import type { Reply } from "../contract/routes.ts";
import { ask } from "./ask.ts";
import { adminUrl, connectAsPerson } from "./connect.ts";
import { defined } from "./defined.ts";
import { CommandError } from "./failure.ts";
import { show } from "./output.ts";
import { fetchAs, forgetSession, keepSession, type OwnSession } from "./own-session.ts";
import { askPassphrase } from "./passphrase.ts";
import { addApp, giveFactor } from "./second-factor.ts";

type SignInOptions = { email?: string; name?: string; link?: boolean; passwordFile?: string; code?: string; tenant?: string };
type SignedIn = Reply<"POST /v1/sign-in">;

/** `aqueduto sign-in` and `sign-out`: a person's session, for what no API key may do; other commands use it with `--as-me`. */
export function addSignIn(program: Command): void {
  program
    .command("sign-in")
    .description("sign in as a person: password and second factor; commands with --as-me then speak as you")
    .option("--email <address>", "e-mail address (with --link: of the first administrador)")
    .option("--link", "use a one-time link, which is asked for: set the password and add an authenticator app")
    .option("--name <name>", "with the set-up link: name of the first administrador")
    .option("--tenant <id>", "where the installation has several utilities")
    .option("--password-file <file>", "file whose first line is the password (default: asked)")
    .option("--code <digits>", "six digits of the authenticator app (default: asked, a recovery code too)")
    .addHelpText(
      "after",
      "\nWithout a terminal, what is asked for is taken line by line from standard input.\n\nExamples:\n  aqueduto sign-in --email ana@concessionaria.example\n  aqueduto sign-in --link --email ana@concessionaria.example --name 'Ana Lima'\n  aqueduto --as-me license approve lic_01j8… 2 --effect 5d41402a…",
    )
    .action((options: SignInOptions, command: Command) => signIn(options, command));
  program
    .command("sign-out")
    .description("end the session of aqueduto sign-in")
    .addHelpText("after", "\nExample:\n  aqueduto sign-out")
    .action((_: object, command: Command) => signOut(command));
}

async function signIn(options: SignInOptions, command: Command): Promise<void> {
  const session: OwnSession = { baseUrl: await adminUrl(command), cookie: "", csrf: "" };
  const client = createClient({ fetch: fetchAs(session), baseUrl: session.baseUrl });
  const first = options.link === true ? await useLink(client, options) : await givePassword(client, options);
  session.csrf = first.csrf;
  const codes = first.second_factor === "enroll" ? (await addApp(client, "app")).recovery_codes : [];
  if (first.second_factor === "needed") await giveFactor(client, options.code);
  const who = await keepSession(session, client);
  show(command, { user_id: who.user_id, roles: who.roles, expires_at: who.expires_at, recovery_codes: codes }, () => [
    ...(codes.length === 0 ? [] : ["Recovery codes, each good once, not shown again:", ...codes.map((code) => `  ${code}`)]),
    `Signed in as ${who.user_id} (${who.roles.join(", ")}) until ${who.expires_at}. Speak as yourself with --as-me.`,
  ]);
}

async function useLink(client: Client, { email, name, passwordFile }: SignInOptions): Promise<SignedIn> {
  // who sees the arguments of processes must not be able to use it first
  const link = (await ask("One-time link: ", { hidden: true })).trim();
  const password = await askPassphrase(passwordFile, { twice: true, what: "New password" });
  return client.call("POST /v1/sign-in/link", { body: { link: link.slice(link.indexOf("#") + 1), password, ...defined({ email, name }) } });
}

async function givePassword(client: Client, { email, passwordFile, tenant }: SignInOptions): Promise<SignedIn> {
  if (email === undefined) throw new CommandError("give --email, or --link to use a one-time link", { usage: true });
  const password = await askPassphrase(passwordFile, { twice: false, what: "Password" });
  return client.call("POST /v1/sign-in", { body: { email, password, ...defined({ tenant_id: tenant }) } });
}

async function signOut(command: Command): Promise<void> {
  const { client, session } = await connectAsPerson(command);
  const done = await client.call("POST /v1/sign-out");
  await forgetSession(session.baseUrl);
  show(command, done, () => ["Signed out."]);
}
