import type { Command } from "commander";
import type { Client } from "../contract/client.ts";
import type { Reply } from "../contract/routes.ts";
import { connect } from "./connect.ts";
import { defined } from "./defined.ts";
import { everyPage } from "./every-page.ts";
import { CommandError } from "./failure.ts";
import { show, showDocument, table } from "./output.ts";
import { readDocumentFile, readStandardInput } from "./read-document.ts";
import { addServiceKeeping } from "./service-keep.ts";
import { wholeNumber } from "./whole-number.ts";

type RegisterOptions = { name: string; live?: string[]; sandbox?: string[]; acceptBreaking?: boolean; reason?: string };
type Diff = Reply<"POST /v1/services/{service_id}/openapi/diff">;
type Finding = Diff["findings"][number];

/** `aqueduto service …`: the systems behind the gateway. */
export function addService(program: Command): void {
  const service = program
    .command("service")
    .description("services behind the gateway: register, diff, lint, list, show, document, update, rotate-credential, rotate-identity-key")
    .addHelpText("after", "\nExample:\n  aqueduto service list");
  addRegistering(service);
  addReading(service);
  addServiceKeeping(service);
}

function addRegistering(service: Command): void {
  service
    .command("register")
    .description("register an OpenAPI document (JSON or YAML): a new service, or the next version of the one with this name")
    .argument("<file>", "OpenAPI 3.0 or 3.1")
    .requiredOption("--name <name>", "name of the service")
    .option("--live <origins...>", "live targets of a new service, the one in use first")
    .option("--sandbox <origins...>", "sandbox targets of a new service")
    .option("--accept-breaking", "register although it breaks callers; needs --reason")
    .option("--reason <text>", "why, for the audit")
    .addHelpText(
      "after",
      "\nA new service's credential is read from standard input.\n\nExample:\n  aqueduto service register gsan.yaml --name gsan --live https://gsan.internal:8443 < credential",
    )
    .action(register);
  service
    .command("diff")
    .description("show what a document would change for callers; registers nothing")
    .argument("<file>", "OpenAPI 3.0 or 3.1")
    .requiredOption("--service <id>", "service that it would be registered for")
    .addHelpText(
      "after",
      "\nExit code 1 when it cannot be registered as it is.\n\nExample:\n  aqueduto service diff gsan.yaml --service svc_01j8…",
    )
    .action(diff);
  service
    .command("lint")
    .description("show what a document needs before it can be registered")
    .argument("<file>", "OpenAPI 3.0 or 3.1")
    .addHelpText("after", "\nExample:\n  aqueduto service lint gsan.yaml --json")
    .action((file: string, _options: object, command: Command) => lint(file, command));
}

function addReading(service: Command): void {
  service
    .command("list")
    .description("list services")
    .addHelpText("after", "\nExample:\n  aqueduto service list --json")
    .action((_options: object, command: Command) => list(command));
  service
    .command("show")
    .description("show a service, its targets and the versions of its document")
    .argument("<service-id>", "id of the service")
    .addHelpText("after", "\nExample:\n  aqueduto service show svc_01j8…")
    .action((id: string, _options: object, command: Command) => showOne(id, command));
  service
    .command("document")
    .description("print the registered OpenAPI document, or an earlier version of it")
    .argument("<service-id>", "id of the service")
    .option("--version-number <n>", "an earlier version (aqueduto service show lists them)")
    .addHelpText("after", "\nExample:\n  aqueduto service document svc_01j8… --version-number 1 > gsan-1.json")
    .action(document);
}

async function register(file: string, options: RegisterOptions, command: Command): Promise<void> {
  const openapi = await readDocumentFile(file);
  const client = await connect(command);
  const known = (await allServices(client)).find((one) => one.name === options.name);
  if (known === undefined) return create(client, openapi, { options, command });
  if (options.live !== undefined || options.sandbox !== undefined)
    throw new CommandError(`the service exists; its targets change with aqueduto service update ${known.service_id}`, { usage: true });
  const { etag } = await client.read("GET /v1/services/{service_id}", { params: { service_id: known.service_id } });
  const done = await client.call("PUT /v1/services/{service_id}/openapi", {
    params: { service_id: known.service_id },
    headers: { "if-match": etag },
    body: {
      openapi,
      ...defined({ accept_breaking: options.acceptBreaking, reason: options.reason }),
    },
  });
  show(command, done, () => [
    `${known.service_id}  version ${done.service.version}`,
    ...diffLines(done.diff),
    ...findingLines(done.findings),
  ]);
}

type CreateWith = { options: RegisterOptions; command: Command };

async function create(client: Client, openapi: unknown, { options, command }: CreateWith): Promise<void> {
  const targets = { live: options.live ?? [], sandbox: options.sandbox ?? [] };
  if (targets.live.length + targets.sandbox.length === 0)
    throw new CommandError("no service has this name; a new one needs --live or --sandbox", { usage: true });
  const credential = await readStandardInput("the service's credential");
  const made = await client.call("POST /v1/services", { body: { name: options.name, openapi, targets, credential } });
  show(command, made, () => [
    `service      ${made.service_id}`,
    `operations   ${made.operations}`,
    `identity key ${made.identity_key}`,
    "The service verifies the header aqueduto-identity with this key. It is not shown again.",
    ...findingLines(made.findings),
  ]);
}

async function diff(file: string, options: { service: string }, command: Command): Promise<void> {
  const openapi = await readDocumentFile(file);
  const client = await connect(command);
  const found = await client.call("POST /v1/services/{service_id}/openapi/diff", {
    params: { service_id: options.service },
    body: { openapi },
  });
  show(command, found, () => [
    ...findingLines(found.findings),
    ...(found.diff === null ? ["It cannot be registered as it is."] : diffLines(found.diff)),
    ...found.held.map((one) => `held     ${one.operation_id} by ${one.license_ids.join(", ")}`),
    ...found.opened.map((one) => `opens    ${one.operation_id} ${one.pointer} to ${one.license_id}: ${one.detail}`),
  ]);
  if (found.diff === null || found.held.length + found.opened.length > 0) process.exitCode = 1;
}

async function lint(file: string, command: Command): Promise<void> {
  const openapi = await readDocumentFile(file);
  const client = await connect(command);
  const found = await client.call("POST /v1/openapi/lint", { body: { openapi } });
  show(command, found, () => [...findingLines(found.findings), `${found.operations.length} operations can be registered`]);
  if (found.findings.some((finding) => finding.severity === "error")) process.exitCode = 1;
}

function findingLines(findings: Finding[]): string[] {
  return findings.map((one) => `${one.severity.padEnd(8)} ${one.rule}  ${one.pointer}  ${one.detail}`);
}

function diffLines(found: NonNullable<Diff["diff"]>): string[] {
  const changes = found.changed.flatMap(({ operation_id, changes: list }) =>
    list.map((one) => `${one.breaking ? "breaks  " : "changes "} ${operation_id} ${one.pointer}: ${one.detail}`),
  );
  const lines = [...found.added.map((id) => `adds     ${id}`), ...found.removed.map((id) => `removes  ${id}`), ...changes];
  return lines.length === 0 ? ["nothing changes for callers"] : [...lines, found.breaking ? "This breaks callers." : "Nobody breaks."];
}

async function allServices(client: Client): Promise<Reply<"GET /v1/services">["items"]> {
  return everyPage((query) => client.call("GET /v1/services", { query }));
}

async function list(command: Command): Promise<void> {
  const items = await allServices(await connect(command));
  show(command, items, () =>
    table([
      ["SERVICE", "STATE", "LIVE", "SANDBOX", "NAME"],
      ...items.map((one) => [one.service_id, one.state, one.live_url ?? "-", one.sandbox_url ?? "-", one.name]),
    ]),
  );
}

async function showOne(serviceId: string, command: Command): Promise<void> {
  const client = await connect(command);
  const params = { service_id: serviceId };
  const one = await client.call("GET /v1/services/{service_id}", { params });
  const versions = await everyPage((query) => client.call("GET /v1/services/{service_id}/versions", { params, query }));
  show(command, { ...one, versions }, () => [
    `${one.service_id}  ${one.name}  (${one.state}, version ${one.version}, ${one.operations} operations)`,
    ...one.health.map(
      (target) => `target   ${target.mode}  ${target.url}  ${target.state}${target.code === null ? "" : ` (${target.code})`}`,
    ),
    `health   ${one.health_check.path === null ? "not checked" : `${one.health_check.path} each ${one.health_check.every_seconds} s`}`,
    ...Object.entries(one.status_map).map(([status, code]) => `status   ${status} -> ${code}`),
    ...versions.map((version) =>
      `version  ${version.version}  ${version.created_at}  by ${version.actor_kind} ${version.actor_id}  ${version.reason ?? ""}`.trimEnd(),
    ),
  ]);
}

async function document(serviceId: string, options: { versionNumber?: string }, command: Command): Promise<void> {
  const { versionNumber } = options;
  const version =
    versionNumber === undefined ? undefined : wholeNumber(versionNumber, { option: "--version-number", from: 1, to: 1_000_000 });
  const client = await connect(command);
  const params = { service_id: serviceId };
  const found = await client.call("GET /v1/services/{service_id}/openapi", { params, query: defined({ version }) });
  showDocument(command, found.openapi);
}
