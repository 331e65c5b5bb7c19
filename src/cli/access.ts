import type { Command } from "commander";
import type { Body, Reply } from "../contract/routes.ts";
import { connect } from "./connect.ts";
import { defined } from "./defined.ts";
import { everyPage } from "./every-page.ts";
import { CommandError } from "./failure.ts";
import { oneOf } from "./one-of.ts";
import { show, table } from "./output.ts";
import { spread } from "./spread.ts";

const changes = {
  disable: ["POST /v1/accesses/{access_id}/disable", "refuse an access until it is enabled again"],
  enable: ["POST /v1/accesses/{access_id}/enable", "let a disabled access in again"],
  revoke: ["POST /v1/accesses/{access_id}/revoke", "end an access and its tokens for good"],
} as const;

type Bindings = { cidr?: string[]; origin?: string[]; certificate?: string; signatureKey?: string; expires?: string };

/** `aqueduto access …`: a client's way to a license. */
export function addAccess(program: Command): void {
  const access = program
    .command("access")
    .description("accesses (client × license): create, show, list, update, disable, enable, revoke")
    .addHelpText("after", "\nExample:\n  aqueduto access list");
  access
    .command("create")
    .description("create the access of a client to a license")
    .requiredOption("--client <id>", "the client")
    .requiredOption("--license <id>", "the license, of the same partner")
    .option("--kind <kind>", "confidential or publishable", "confidential")
    .option("--mode <mode>", "live or test", "live")
    .option("--cidr <network...>", "networks it may call from")
    .option("--origin <origin...>", "web origins of a publishable access")
    .option("--certificate <sha256>", "SHA-256 of the client certificate it calls with")
    .option("--signature-key <key>", "Ed25519 public key of its signatures, base64url")
    .option("--expires <instant>", "when it ends, RFC 3339")
    .addHelpText("after", "\nExample:\n  aqueduto access create --client cli_01j8… --license lic_01j8… --cidr 203.0.113.0/24")
    .action(create);
  access
    .command("show")
    .description("show an access")
    .argument("<access-id>", "id of the access")
    .addHelpText("after", "\nExample:\n  aqueduto access show acc_01j8…")
    .action(async (id: string, _options: object, command: Command) => {
      const api = await connect(command);
      const one = await api.call("GET /v1/accesses/{access_id}", { params: { access_id: id } });
      show(command, one, () => linesOf(one));
    });
  access
    .command("list")
    .description("list accesses")
    .option("--license <id>", "to this license only")
    .option("--client <id>", "of this client only")
    .option("--partner <id>", "of this partner only")
    .addHelpText("after", "\nExample:\n  aqueduto access list --partner par_01j8…")
    .action(list);
  access
    .command("update")
    .description("change networks, origins or the end of an access; what is named is replaced whole")
    .argument("<access-id>", "id of the access")
    .option("--cidr <network...>", "networks it may call from")
    .option("--origin <origin...>", "web origins of a publishable access")
    .option("--certificate <sha256>", "SHA-256 of the client certificate it calls with, or none")
    .option("--signature-key <key>", "Ed25519 public key of its signatures, base64url, or none")
    .option("--expires <instant>", "when it ends, RFC 3339, or never")
    .addHelpText("after", "\nExample:\n  aqueduto access update acc_01j8… --cidr 203.0.113.0/24 198.51.100.7")
    .action(update);
  addChanges(access);
}

function addChanges(access: Command): void {
  for (const [verb, [route, description]] of Object.entries(changes))
    access
      .command(verb)
      .description(description)
      .argument("<access-id>", "id of the access")
      .requiredOption("--reason <text>", "why, for the audit")
      .addHelpText("after", `\nExample:\n  aqueduto access ${verb} acc_01j8… --reason 'server replaced'`)
      .action(async (id: string, options: { reason: string }, command: Command) => {
        const api = await connect(command);
        const done = await api.call(route, { params: { access_id: id }, body: options });
        show(command, done, () => [`${done.access_id} is ${done.access_state}`, ...spread(done)]);
      });
}

async function create(
  options: Bindings & { client: string; license: string; kind: string; mode: string },
  command: Command,
): Promise<void> {
  const body: Body<"POST /v1/accesses"> = {
    client_id: options.client,
    license_id: options.license,
    kind: oneOf(options.kind, ["confidential", "publishable"] as const, "--kind"),
    mode: oneOf(options.mode, ["live", "test"] as const, "--mode"),
    ...defined({
      cidrs: options.cidr,
      origins: options.origin,
      certificate_sha256: options.certificate,
      signature_key: options.signatureKey,
      expires_at: options.expires,
    }),
  };
  const api = await connect(command);
  const made = await api.call("POST /v1/accesses", { body });
  show(command, made, () => [...linesOf(made), `Its token: aqueduto token create --access ${made.access_id}`]);
}

async function list(options: { license?: string; client?: string; partner?: string }, command: Command): Promise<void> {
  const api = await connect(command);
  const filter = defined({ license_id: options.license, client_id: options.client, partner_id: options.partner });
  const items = await everyPage((page) => api.call("GET /v1/accesses", { query: { ...page, ...filter } }));
  show(command, items, () =>
    table([
      ["ACCESS", "CLIENT", "LICENSE", "KIND", "MODE", "STATE"],
      ...items.map((one) => [one.access_id, one.client_id, one.license_id, one.kind, one.mode, one.state]),
    ]),
  );
}

/** Reads the access first and changes that state alone: a change of somebody else in between is not written over. */
async function update(id: string, options: Bindings, command: Command): Promise<void> {
  const body: Body<"PATCH /v1/accesses/{access_id}"> = defined({
    cidrs: options.cidr,
    origins: options.origin,
    certificate_sha256: unless("none", options.certificate),
    signature_key: unless("none", options.signatureKey),
    expires_at: unless("never", options.expires),
  });
  if (Object.keys(body).length === 0) throw new CommandError("nothing to change: name what is to change", { usage: true });
  const api = await connect(command);
  const params = { access_id: id };
  const { etag } = await api.read("GET /v1/accesses/{access_id}", { params });
  const done = await api.call("PATCH /v1/accesses/{access_id}", { params, headers: { "if-match": etag }, body });
  show(command, done, () => [...linesOf(done.access), ...spread(done)]);
}

function linesOf(one: Reply<"GET /v1/accesses/{access_id}">): string[] {
  return [
    `${one.access_id}  (${one.kind}, ${one.mode}, ${one.state})`,
    `client   ${one.client_id}`,
    `license  ${one.license_id}`,
    `networks ${one.cidrs.join(", ") || "any"}`,
    ...(one.certificate_sha256 === null ? [] : [`certificate ${one.certificate_sha256}`]),
    ...(one.signature_key === null ? [] : [`signature key ${one.signature_key}`]),
    ...(one.kind === "publishable" ? [`origins  ${one.origins.join(", ")}`] : []),
    `ends     ${one.expires_at ?? "with its license"}`,
  ];
}

/** The word that takes a setting away becomes null. */
function unless(word: string, given: string | undefined): string | null | undefined {
  return given === word ? null : given;
}
