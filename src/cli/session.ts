import type { Command } from "commander";
import { connectAsPerson } from "./connect.ts";
import { defined } from "./defined.ts";
import { everyPage } from "./every-page.ts";
import { show, table } from "./output.ts";

/** `aqueduto session …`: signed-in browsers and commands of a person. They speak as the person of sign-in. */
export function addSession(program: Command): void {
  const session = program
    .command("session")
    .description("your open sessions: show, list, end")
    .addHelpText("after", "\nExample:\n  aqueduto session list");
  session
    .command("show")
    .description("show who is signed in here, with which roles, until when")
    .addHelpText("after", "\nExample:\n  aqueduto session show")
    .action(showOwn);
  session
    .command("list")
    .description("list open sessions, newest first")
    .option("--user <id>", "another user's, for who may change users")
    .addHelpText("after", "\nExample:\n  aqueduto session list --user usr_01j8…")
    .action(list);
  session
    .command("end")
    .description("end a session; another user's for who may change users")
    .argument("<session-id>", "id of the session")
    .addHelpText("after", "\nExample:\n  aqueduto session end ses_01j8…")
    .action(async (id: string, _options: object, command: Command) => {
      const { client } = await connectAsPerson(command);
      const done = await client.call("POST /v1/sessions/{session_id}/end", { params: { session_id: id } });
      show(command, done, () => [`${done.session_id} ended.`]);
    });
}

async function showOwn(_options: object, command: Command): Promise<void> {
  const { client } = await connectAsPerson(command);
  // the value that proves a page of ours is nobody's to see
  const { csrf: _csrf, ...who } = await client.call("GET /v1/session");
  show(command, who, () => [
    `${who.user_id} at ${who.tenant_id}`,
    `roles    ${who.roles.join(", ")}`,
    ...(who.partner_ids.length === 0 ? [] : [`partners ${who.partner_ids.join(", ")}`]),
    `factor   ${who.second_factor}, last at ${who.second_factor_at ?? "never"}`,
    `until    ${who.expires_at}`,
  ]);
}

async function list(options: { user?: string }, command: Command): Promise<void> {
  const { client } = await connectAsPerson(command);
  const filter = defined({ user_id: options.user });
  const items = await everyPage((page) => client.call("GET /v1/sessions", { query: { ...page, ...filter } }));
  show(command, items, () =>
    table([
      ["SESSION", "SIGNED IN BY", "SINCE", "LAST SEEN", "UNTIL", ""],
      ...items.map((one) => [one.session_id, one.method, one.created_at, one.last_seen_at, one.expires_at, one.current ? "this one" : ""]),
    ]),
  );
}
