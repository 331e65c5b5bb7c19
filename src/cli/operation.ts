import type { Command } from "commander";
import { connect } from "./connect.ts";
import { defined } from "./defined.ts";
import { everyPage } from "./every-page.ts";
import { CommandError } from "./failure.ts";
import { show, table } from "./output.ts";
import { wholeNumber } from "./whole-number.ts";

type ListOptions = { service?: string; tag?: string };
type UpdateOptions = { service: string; timeout?: string; deprecated?: string; sunset?: string };

/** `aqueduto operation …`: the endpoints that licenses can hold. */
export function addOperation(program: Command): void {
  const operation = program
    .command("operation")
    .description("known operations: list, show, update")
    .addHelpText("after", "\nExample:\n  aqueduto operation list");
  operation
    .command("list")
    .description("list operations with the x-lgpd classes of their answers")
    .option("--service <id>", "of this service only")
    .option("--tag <tag>", "with this OpenAPI tag only")
    .addHelpText("after", "\nExample:\n  aqueduto operation list --tag bills")
    .action(list);
  operation
    .command("show")
    .description("show an operation, its fields and the licenses that hold it")
    .argument("<operation-id>", "operationId")
    .requiredOption("--service <id>", "service of the operation")
    .addHelpText("after", "\nExample:\n  aqueduto operation show getBill --service svc_01j8…")
    .action(showOne);
  operation
    .command("update")
    .description("set an operation's deadline, or announce its end; `none` takes a setting back")
    .argument("<operation-id>", "operationId")
    .requiredOption("--service <id>", "service of the operation")
    .option("--timeout <ms>", "deadline in milliseconds, or none for the document's own")
    .option("--deprecated <instant>", "Deprecation header, RFC 3339, or none")
    .option("--sunset <instant>", "Sunset header, RFC 3339, or none")
    .addHelpText(
      "after",
      "\nExample:\n  aqueduto operation update getBill --service svc_01j8… --deprecated 2027-01-01T00:00:00Z --sunset 2027-07-01T00:00:00Z",
    )
    .action(update);
}

async function list(options: ListOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const filter = defined({ service_id: options.service, tag: options.tag });
  const items = await everyPage((query) => client.call("GET /v1/operations", { query: { ...query, ...filter } }));
  show(command, items, () =>
    table([
      ["OPERATION", "STATE", "METHOD", "PATH", "CLASSES", "SUNSET"],
      ...items.map((one) => [one.operation_id, one.state, one.method, one.path, one.classes.join(","), one.sunset_at ?? ""]),
    ]),
  );
}

async function showOne(operationId: string, options: { service: string }, command: Command): Promise<void> {
  const client = await connect(command);
  const params = { service_id: options.service, operation_id: operationId };
  const one = await client.call("GET /v1/services/{service_id}/operations/{operation_id}", { params });
  show(command, one, () => [
    `${one.operation_id}  ${one.method} ${one.path}  (${one.state}${one.publishable ? ", publishable" : ""})`,
    one.summary,
    `deadline ${one.timeout_ms} ms`,
    ...(one.deprecated_at === null ? [] : [`deprecated ${one.deprecated_at}${one.sunset_at === null ? "" : `, sunset ${one.sunset_at}`}`]),
    ...one.fields.map((field) => `field    ${field.pointer}  ${field.class}${field.subject ? " (names the person)" : ""}`),
    ...one.license_ids.map((id) => `license  ${id}`),
  ]);
}

async function update(operationId: string, options: UpdateOptions, command: Command): Promise<void> {
  const body = defined({
    timeout_ms: unlessNone(options.timeout, (text) => wholeNumber(text, { option: "--timeout", from: 1, to: 60_000 })),
    deprecated_at: unlessNone(options.deprecated, (text) => text),
    sunset_at: unlessNone(options.sunset, (text) => text),
  });
  if (Object.keys(body).length === 0) throw new CommandError("nothing to change: name what is to change", { usage: true });
  const client = await connect(command);
  const params = { service_id: options.service, operation_id: operationId };
  const { etag } = await client.read("GET /v1/services/{service_id}/operations/{operation_id}", { params });
  const headers = { "if-match": etag };
  const done = await client.call("PATCH /v1/services/{service_id}/operations/{operation_id}", { params, headers, body });
  show(command, done, () => [
    `${done.operation_id}: deadline ${done.timeout_ms} ms, deprecated ${done.deprecated_at ?? "no"}, sunset ${done.sunset_at ?? "no"}`,
  ]);
}

/** The value of an option that `none` takes back (null); undefined where it was not given. */
function unlessNone<T>(given: string | undefined, read: (text: string) => T): T | null | undefined {
  if (given === undefined) return undefined;
  return given === "none" ? null : read(given);
}
