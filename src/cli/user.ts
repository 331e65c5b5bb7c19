import type { Command } from "commander";
import { roles, roleTable, type Role } from "../contract/roles.ts";
import type { Reply } from "../contract/routes.ts";
import { connect } from "./connect.ts";
import { defined } from "./defined.ts";
import { everyPage } from "./every-page.ts";
import { oneOf } from "./one-of.ts";
import { show, table } from "./output.ts";

type RoleOptions = { role: string[]; partner?: string[] };

/** `aqueduto user …`: people who sign in. */
export function addUser(program: Command): void {
  const user = program
    .command("user")
    .description("people who sign in: invite, show, list, roles, disable, enable, reset, sign-out")
    .addHelpText("after", "\nExample:\n  aqueduto user list");
  addInviting(user);
  addKeeping(user);
}

function addInviting(user: Command): void {
  user
    .command("invite")
    .description("invite a user; prints the one-time link to hand over")
    .requiredOption("--email <address>", "e-mail address")
    .requiredOption("--name <name>", "name")
    .requiredOption("--role <role...>", `one or more of ${roles.join(", ")}`)
    .option("--partner <id...>", "partners of an integrador")
    .addHelpText(
      "after",
      `\n${roleHelp()}\n\nExample:\n  aqueduto user invite --email ana@banco.example --name Ana --role integrador --partner par_01j8…`,
    )
    .action((options: RoleOptions & { email: string; name: string }, command: Command) => invite(options, command));
  user
    .command("list")
    .description("list users")
    .option("--state <state>", "invited, active or disabled")
    .addHelpText("after", "\nExample:\n  aqueduto user list --state invited")
    .action((options: { state?: string }, command: Command) => list(options, command));
  user
    .command("show")
    .description("show a user")
    .argument("<user-id>", "id of the user")
    .addHelpText("after", "\nExample:\n  aqueduto user show usr_01j8…")
    .action((id: string, _: object, command: Command) => showOne(id, command));
  user
    .command("roles")
    .description("replace a user's roles; their sessions end")
    .argument("<user-id>", "id of the user")
    .requiredOption("--role <role...>", `one or more of ${roles.join(", ")}`)
    .option("--partner <id...>", "partners of an integrador")
    .addHelpText("after", "\nExample:\n  aqueduto --as-me user roles usr_01j8… --role operador encarregado")
    .action((id: string, options: RoleOptions, command: Command) => changeRoles(id, options, command));
}

function addKeeping(user: Command): void {
  user
    .command("disable")
    .description("stop a user and end their sessions")
    .argument("<user-id>", "id of the user")
    .option("--reason <text>", "why, for the audit", "disabled by the operator")
    .addHelpText("after", "\nExample:\n  aqueduto user disable usr_01j8… --reason 'left the company'")
    .action((id: string, { reason }: { reason: string }, command: Command) => disable(id, reason, command));
  user
    .command("enable")
    .description("let a disabled user sign in again")
    .argument("<user-id>", "id of the user")
    .addHelpText("after", "\nExample:\n  aqueduto --as-me user enable usr_01j8…")
    .action((id: string, _: object, command: Command) => enable(id, command));
  user
    .command("reset")
    .description("end what a user signs in with and print a new one-time link")
    .argument("<user-id>", "id of the user")
    .option("--reason <text>", "why, for the audit", "reset by the operator")
    .addHelpText("after", "\nExample:\n  aqueduto --as-me user reset usr_01j8… --reason 'telephone lost'")
    .action((id: string, { reason }: { reason: string }, command: Command) => reset(id, reason, command));
  user
    .command("sign-out")
    .description("end every session of a user")
    .argument("<user-id>", "id of the user")
    .option("--reason <text>", "why, for the audit", "ended by the operator")
    .addHelpText("after", "\nExample:\n  aqueduto user sign-out usr_01j8… --reason 'laptop stolen'")
    .action((id: string, { reason }: { reason: string }, command: Command) => signOut(id, reason, command));
}

function roleHelp(): string {
  return ["Roles:", ...roles.map((role) => `  ${role.padEnd(14)} ${roleTable[role].purpose}`)].join("\n");
}

function rolesOf({ role, partner }: RoleOptions): { roles: Role[]; partner_ids?: string[] } {
  return { roles: role.map((name) => oneOf(name, roles, "--role")), ...defined({ partner_ids: partner }) };
}

async function invite(options: RoleOptions & { email: string; name: string }, command: Command): Promise<void> {
  const body = { email: options.email, name: options.name, ...rolesOf(options) };
  const client = await connect(command);
  const made = await client.call("POST /v1/users", { body });
  show(command, made, () => linkLines(made));
}

function linkLines(made: Reply<"POST /v1/users">): string[] {
  return [`user id  ${made.user_id}`, `link     ${made.link}`, `It works once, until ${made.expires_at}, and is not shown again.`];
}

async function list(options: { state?: string }, command: Command): Promise<void> {
  const state = options.state === undefined ? undefined : oneOf(options.state, ["invited", "active", "disabled"] as const, "--state");
  const client = await connect(command);
  const items = await everyPage((more) => client.call("GET /v1/users", { query: { ...more, ...defined({ state }) } }));
  const cells = (one: (typeof items)[number]) => [
    one.user_id,
    one.email,
    one.roles.join(","),
    one.state,
    String(one.second_factors),
    one.last_sign_in_at ?? "never",
  ];
  show(command, items, () => table([["USER", "E-MAIL", "ROLES", "STATE", "FACTORS", "LAST SIGN-IN"], ...items.map(cells)]));
}

async function showOne(user_id: string, command: Command): Promise<void> {
  const client = await connect(command);
  const one = await client.call("GET /v1/users/{user_id}", { params: { user_id } });
  show(command, one, () => [
    `${one.user_id}  ${one.name}  ${one.email}  (${one.state}${one.state_reason === null ? "" : `: ${one.state_reason}`})`,
    `roles    ${one.roles.join(", ")}`,
    ...(one.partner_ids.length === 0 ? [] : [`partners ${one.partner_ids.join(", ")}`]),
    `factors  ${one.second_factors}`,
    `sign-in  ${one.last_sign_in_at ?? "never"}`,
  ]);
}

async function changeRoles(user_id: string, options: RoleOptions, command: Command): Promise<void> {
  const body = rolesOf(options);
  const client = await connect(command);
  const user = await client.call("POST /v1/users/{user_id}/roles", { params: { user_id }, body });
  show(command, user, () => [`${user.user_id} is ${user.roles.join(", ")}; their sessions ended.`]);
}

async function disable(user_id: string, reason: string, command: Command): Promise<void> {
  const client = await connect(command);
  const user = await client.call("POST /v1/users/{user_id}/disable", { params: { user_id }, body: { reason } });
  show(command, user, () => [`${user.user_id} is disabled.`]);
}

async function enable(user_id: string, command: Command): Promise<void> {
  const client = await connect(command);
  const user = await client.call("POST /v1/users/{user_id}/enable", { params: { user_id } });
  show(command, user, () => [`${user.user_id} is ${user.state}.`]);
}

async function reset(user_id: string, reason: string, command: Command): Promise<void> {
  const client = await connect(command);
  const made = await client.call("POST /v1/users/{user_id}/reset", { params: { user_id }, body: { reason } });
  show(command, made, () => linkLines(made));
}

async function signOut(user_id: string, reason: string, command: Command): Promise<void> {
  const client = await connect(command);
  const { ended } = await client.call("POST /v1/users/{user_id}/sessions/end", { params: { user_id }, body: { reason } });
  show(command, { user_id, ended }, () => [`${ended} sessions ended.`]);
}
