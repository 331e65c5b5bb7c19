import type { Command } from "commander";
import type { Client } from "../contract/client.ts";
import type { Body } from "../contract/routes.ts";
import { connect } from "./connect.ts";
import { defined } from "./defined.ts";
import { CommandError } from "./failure.ts";
import { changeLines } from "./license-effect.ts";
import { licenseLines } from "./license-lines.ts";
import { showVersion, versionOf, withVersion } from "./license-version.ts";
import { show } from "./output.ts";
import { readDocumentFile } from "./read-document.ts";

type WithReason = { reason: string };
type DraftOptions = { license?: string; partner?: string; file?: string; template?: string; submit?: boolean };

/** The verbs that write a version: API keys may use them too. */
export function addDrafting(license: Command): void {
  license
    .command("draft")
    .description("draft a new license, or with --license the next version of one")
    .option("--license <id>", "the license to change; the file then names the members that change")
    .option("--partner <id>", "partner of a new license, where the file does not name it")
    .option("--file <file>", "content as JSON or YAML (see aqueduto license template)")
    .option("--template <id>", "fill what the file of a new license leaves out")
    .option("--submit", "submit it too")
    .addHelpText(
      "after",
      "\nExamples:\n  aqueduto license draft --partner par_01j8… --template bank --file bank.yaml\n  aqueduto license draft --license lic_01j8… --file change.yaml --submit",
    )
    .action(draft);
  withVersion(license, "change", "change a draft, or one that was refused; the file names the members that change")
    .requiredOption("--file <file>", "content as JSON or YAML")
    .addHelpText("after", "\nExample:\n  aqueduto license change lic_01j8… 2 --file change.yaml")
    .action(change);
  withVersion(license, "submit", "submit a draft for approval; it no longer changes")
    .addHelpText("after", "\nExample:\n  aqueduto license submit lic_01j8… 2")
    .action((id: string, version: string, _options: object, command: Command) =>
      showVersion(command, (client) =>
        client.call("POST /v1/licenses/{license_id}/versions/{version}/submit", { ...versionOf(id, version), body: {} }),
      ),
    );
  addTakingBack(license);
}

function addTakingBack(license: Command): void {
  withVersion(license, "withdraw", "give up a version that is not published")
    .requiredOption("--reason <text>", "why")
    .addHelpText("after", "\nExample:\n  aqueduto license withdraw lic_01j8… 2 --reason 'the contract was not signed'")
    .action((id: string, version: string, { reason }: WithReason, command: Command) =>
      showVersion(command, (client) =>
        client.call("POST /v1/licenses/{license_id}/versions/{version}/withdraw", { ...versionOf(id, version), body: { reason } }),
      ),
    );
  withVersion(license, "rollback", "draft a new version with the content of one that was published before")
    .requiredOption("--reason <text>", "why")
    .addHelpText("after", "\nExample:\n  aqueduto license rollback lic_01j8… 1 --reason 'the bank cannot read the new fields'")
    .action((id: string, version: string, { reason }: WithReason, command: Command) =>
      showVersion(command, (client) =>
        client.call("POST /v1/licenses/{license_id}/versions/{version}/rollback", { ...versionOf(id, version), body: { reason } }),
      ),
    );
}

async function draft(options: DraftOptions, command: Command): Promise<void> {
  if (options.license === undefined) return draftNew(options, command);
  if (options.template !== undefined || options.partner !== undefined)
    throw new CommandError("--template and --partner are for a new license: leave them or --license out", { usage: true });
  await draftNext(options.license, options, command);
}

async function draftNew(options: DraftOptions, command: Command): Promise<void> {
  const body = {
    ...(await contentOf(options.file)),
    ...defined({ partner_id: options.partner, template: options.template }),
    state: options.submit === true ? "submitted" : "draft",
  };
  const client = await connect(command);
  const made = await client.call("POST /v1/licenses", { bodyText: JSON.stringify(body) });
  const version = String(made.open_version?.version ?? made.version);
  const effect = await effectOf(client, versionOf(made.license_id, version));
  const next = made.open_version?.state === "draft" ? [`Next: aqueduto license submit ${made.license_id} ${version}`] : [];
  show(command, made, () => [...licenseLines(made), ...changeLines(effect), ...next]);
}

async function draftNext(licenseId: string, options: DraftOptions, command: Command): Promise<void> {
  const body = await contentOf(options.file);
  const client = await connect(command);
  const drafted = await client.call("POST /v1/licenses/{license_id}/versions", { params: { license_id: licenseId }, body });
  const one = versionOf(licenseId, String(drafted.version));
  const made =
    options.submit === true ? await client.call("POST /v1/licenses/{license_id}/versions/{version}/submit", { ...one, body: {} }) : drafted;
  const effect = await effectOf(client, one);
  show(command, made, () => [`${made.license_id}  version ${made.version}, ${made.state}`, ...changeLines(effect)]);
}

function effectOf(client: Client, one: ReturnType<typeof versionOf>) {
  return client.call("GET /v1/licenses/{license_id}/versions/{version}/effect", one);
}

async function change(id: string, version: string, { file }: { file: string }, command: Command): Promise<void> {
  const body = await contentOf(file);
  const client = await connect(command);
  const one = versionOf(id, version);
  const { etag } = await client.read("GET /v1/licenses/{license_id}/versions/{version}", one);
  const headers = { "if-match": etag };
  const changed = await client.call("PATCH /v1/licenses/{license_id}/versions/{version}", { ...one, headers, body });
  const effect = await effectOf(client, one);
  show(command, changed, () => [`${changed.license_id}  version ${changed.version}, ${changed.state}`, ...changeLines(effect)]);
}

/** The members that a file states; the server checks each. */
async function contentOf(file: string | undefined): Promise<Body<"POST /v1/licenses/{license_id}/versions">> {
  const value = file === undefined ? {} : await readDocumentFile(file);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new CommandError(`${file ?? ""} does not hold the members of a license`, { usage: true });
  return value;
}
