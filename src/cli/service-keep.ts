import type { Command } from "commander";
import { mappableCodes } from "../contract/service.ts";
import type { Body, Reply } from "../contract/routes.ts";
import { connect } from "./connect.ts";
import { defined } from "./defined.ts";
import { CommandError } from "./failure.ts";
import { oneOf } from "./one-of.ts";
import { show } from "./output.ts";
import { readStandardInput } from "./read-document.ts";
import { wholeNumber } from "./whole-number.ts";

type Detail = Reply<"GET /v1/services/{service_id}">;
type Change = Body<"PATCH /v1/services/{service_id}">;
type UpdateOptions = {
  name?: string;
  live?: string[];
  sandbox?: string[];
  healthPath?: string;
  healthEvery?: string;
  status?: string[];
};

/** The verbs that change a registered service and its secrets. */
export function addServiceKeeping(service: Command): void {
  service
    .command("update")
    .description("change name, targets, health check or status mapping; what is named is replaced whole")
    .argument("<service-id>", "id of the service")
    .option("--name <name>", "name of the service")
    .option("--live <origins...>", "live targets, the one in use first")
    .option("--sandbox <origins...>", "sandbox targets")
    .option("--health-path <path>", "path that a target which serves answers 2xx, or none")
    .option("--health-every <seconds>", "how often it is asked, 10 to 86400")
    .option("--status <pairs...>", `answers of the service to ours, or none: status=${mappableCodes.join("|")}`)
    .addHelpText(
      "after",
      "\nExamples:\n  aqueduto service update svc_01j8… --live https://gsan-b.internal:8443 https://gsan-a.internal:8443\n  aqueduto service update svc_01j8… --health-path /saude --status 400=invalid-field 503=base-away",
    )
    .action(update);
  service
    .command("rotate-credential")
    .description("replace the credential that the service is called with; read from standard input")
    .argument("<service-id>", "id of the service")
    .requiredOption("--reason <text>", "why, for the audit")
    .addHelpText("after", "\nExample:\n  aqueduto service rotate-credential svc_01j8… --reason yearly < new-credential")
    .action(rotateCredential);
  service
    .command("rotate-identity-key")
    .description("replace the key of the header aqueduto-identity; the new one is shown once")
    .argument("<service-id>", "id of the service")
    .requiredOption("--reason <text>", "why, for the audit")
    .addHelpText("after", "\nExample:\n  aqueduto service rotate-identity-key svc_01j8… --reason yearly")
    .action(rotateIdentityKey);
}

/** Reads the service first and changes that state alone: a change of somebody else in between is not written over. */
async function update(serviceId: string, options: UpdateOptions, command: Command): Promise<void> {
  if (Object.keys(options).length === 0) throw new CommandError("nothing to change: name what is to change", { usage: true });
  const client = await connect(command);
  const params = { service_id: serviceId };
  const { reply, etag } = await client.read("GET /v1/services/{service_id}", { params });
  const body = changeOf(reply, options);
  const done = await client.call("PATCH /v1/services/{service_id}", { params, headers: { "if-match": etag }, body });
  show(command, done, () => [
    `${done.service_id}  ${done.name}  (${done.state})`,
    ...done.targets.live.map((url) => `live     ${url}`),
    ...done.targets.sandbox.map((url) => `sandbox  ${url}`),
    `health   ${done.health_check.path === null ? "not checked" : `${done.health_check.path} each ${done.health_check.every_seconds} s`}`,
    ...Object.entries(done.status_map).map(([status, code]) => `status   ${status} -> ${code}`),
  ]);
}

function changeOf({ targets, health_check }: Detail, options: UpdateOptions): Change {
  const { name, live, sandbox, healthPath, healthEvery, status } = options;
  const every = healthEvery === undefined ? undefined : wholeNumber(healthEvery, { option: "--health-every", from: 10, to: 86_400 });
  const named = (...given: unknown[]) => given.some((one) => one !== undefined);
  return defined({
    name,
    targets: named(live, sandbox) ? { ...targets, ...defined({ live, sandbox }) } : undefined,
    health_check: named(healthPath, every)
      ? { ...health_check, ...defined({ path: healthPath === "none" ? null : healthPath, every_seconds: every }) }
      : undefined,
    status_map: status === undefined ? undefined : statusMapOf(status),
  });
}

function statusMapOf(pairs: string[]): NonNullable<Change["status_map"]> {
  if (pairs.length === 1 && pairs[0] === "none") return {};
  return Object.fromEntries(
    pairs.map((pair) => {
      const [status = "", code = ""] = pair.split("=");
      if (!/^[345]\d\d$/.test(status)) throw new CommandError("--status takes pairs such as 404=not-found", { usage: true });
      return [status, oneOf(code, mappableCodes, `the code of ${status}`)];
    }),
  );
}

async function rotateCredential(serviceId: string, options: { reason: string }, command: Command): Promise<void> {
  const client = await connect(command);
  const credential = await readStandardInput("the new credential");
  const done = await client.call("POST /v1/services/{service_id}/credential", {
    params: { service_id: serviceId },
    body: { credential, reason: options.reason },
  });
  show(command, done, () => [`${done.service_id} is called with the new credential`]);
}

async function rotateIdentityKey(serviceId: string, options: { reason: string }, command: Command): Promise<void> {
  const client = await connect(command);
  const params = { service_id: serviceId };
  const made = await client.call("POST /v1/services/{service_id}/identity-key", { params, body: { reason: options.reason } });
  show(command, made, () => [
    `identity key ${made.identity_key}`,
    `${made.service_id} verifies the header aqueduto-identity with this key from now on. It is not shown again.`,
  ]);
}
