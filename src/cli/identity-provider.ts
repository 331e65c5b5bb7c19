import type { Command } from "commander";
import type { Body, Reply } from "../contract/routes.ts";
import { connect } from "./connect.ts";
import { everyPage } from "./every-page.ts";
import { CommandError } from "./failure.ts";
import { show, table } from "./output.ts";
import { readDocumentFile, readStandardInput } from "./read-document.ts";

const switches = {
  disable: ["POST /v1/identity-providers/{provider_id}/disable", "let nobody sign in through a provider; open sessions go on", ""],
  enable: ["POST /v1/identity-providers/{provider_id}/enable", "let users sign in through a provider again (people only)", "--as-me "],
} as const;

/** `aqueduto identity-provider …`: OpenID Connect providers whose users may sign in. */
export function addIdentityProvider(program: Command): void {
  const provider = program
    .command("identity-provider")
    .description("OpenID Connect providers for sign-in: create, list, disable, enable")
    .addHelpText("after", "\nExample:\n  aqueduto identity-provider list");
  provider
    .command("create")
    .description("set up a provider (people only); its client secret is read from standard input")
    .argument(
      "<file>",
      "JSON or YAML with name, issuer, client_id, email_domains, and if wanted role_claim, role_map, trusts_second_factor",
    )
    .addHelpText("after", "\nExample:\n  aqueduto --as-me identity-provider create provider.yaml < client-secret")
    .action(create);
  provider
    .command("list")
    .description("list providers; their secrets are never shown")
    .addHelpText("after", "\nExample:\n  aqueduto identity-provider list --json")
    .action((_options: object, command: Command) => list(command));
  for (const [verb, [route, description, as]] of Object.entries(switches))
    provider
      .command(verb)
      .description(description)
      .argument("<provider-id>", "id of the provider")
      .addHelpText("after", `\nExample:\n  aqueduto ${as}identity-provider ${verb} idp_01j8…`)
      .action(async (id: string, _options: object, command: Command) => {
        const client = await connect(command);
        const done = await client.call(route, { params: { provider_id: id } });
        show(command, done, () => [`${done.provider_id} is ${done.state}`]);
      });
}

async function create(file: string, _options: object, command: Command): Promise<void> {
  const wanted = withoutSecret(await readDocumentFile(file), file);
  const client = await connect(command);
  const client_secret = await readStandardInput("the provider's client secret");
  const made = await client.call("POST /v1/identity-providers", { bodyText: JSON.stringify({ ...wanted, client_secret }) });
  show(command, made, () => linesOf(made));
}

/** The server checks every member. */
function withoutSecret(document: unknown, file: string): Partial<Body<"POST /v1/identity-providers">> {
  if (typeof document !== "object" || document === null || Array.isArray(document))
    throw new CommandError(`${file} does not hold the members of a provider`, { usage: true });
  if ("client_secret" in document)
    throw new CommandError(`take client_secret out of ${file}: it is read from standard input`, { usage: true });
  return document;
}

function linesOf(one: Reply<"POST /v1/identity-providers">): string[] {
  return [
    `${one.provider_id}  ${one.name}  (${one.state})`,
    `issuer   ${one.issuer}`,
    `client   ${one.client_id}`,
    `domains  ${one.email_domains.join(", ")}`,
    ...one.role_map.map((map) =>
      `${one.role_claim ?? "-"}=${map.value}  ${map.roles.join(", ")}  ${(map.partner_ids ?? []).join(", ")}`.trimEnd(),
    ),
  ];
}

async function list(command: Command): Promise<void> {
  const client = await connect(command);
  const items = await everyPage((page) => client.call("GET /v1/identity-providers", { query: page }));
  show(command, items, () =>
    table([
      ["PROVIDER", "STATE", "ISSUER", "DOMAINS", "NAME"],
      ...items.map((one) => [one.provider_id, one.state, one.issuer, one.email_domains.join(","), one.name]),
    ]),
  );
}
