import type { Command } from "commander";
import { connect } from "./connect.ts";
import { defined } from "./defined.ts";
import { everyPage } from "./every-page.ts";
import { CommandError } from "./failure.ts";
import { addApproving, addHolding } from "./license-approve.ts";
import { addDrafting } from "./license-draft.ts";
import { effectLines } from "./license-effect.ts";
import { licenseLines } from "./license-lines.ts";
import { showVersion, versionOf } from "./license-version.ts";
import { show, showDocument, table } from "./output.ts";

/** `aqueduto license …`: what partners may do, from draft to end. */
export function addLicense(program: Command): void {
  const license = program
    .command("license")
    .description("licenses of partners: draft, approve, publish, hold, end")
    .addHelpText("after", "\nExample:\n  aqueduto license list");
  addReading(license);
  addReadingOfVersions(license);
  addDrafting(license);
  addApproving(license);
  addHolding(license);
}

function addReading(license: Command): void {
  license
    .command("show")
    .description("show a license, or one of its versions")
    .argument("<license-id>", "id of the license")
    .argument("[version]", "number of a version")
    .addHelpText("after", "\nExamples:\n  aqueduto license show lic_01j8…\n  aqueduto license show lic_01j8… 2")
    .action((id: string, version: string | undefined, _options: object, command: Command) =>
      version === undefined
        ? showLicense(id, command)
        : showVersion(command, (client) => client.call("GET /v1/licenses/{license_id}/versions/{version}", versionOf(id, version))),
    );
  license
    .command("list")
    .description("list licenses")
    .option("--partner <id>", "of this partner only")
    .addHelpText("after", "\nExample:\n  aqueduto license list --json")
    .action((options: { partner?: string }, command: Command) => list(options, command));
  license
    .command("template")
    .description("list the templates, or print one as the file of a draft")
    .argument("[template-id]", "id of a template")
    .addHelpText("after", "\nExamples:\n  aqueduto license template\n  aqueduto license template bank > bank.json")
    .action((id: string | undefined, _options: object, command: Command) => template(id, command));
}

function addReadingOfVersions(license: Command): void {
  license
    .command("versions")
    .description("list the versions of a license, newest first")
    .argument("<license-id>", "id of the license")
    .addHelpText("after", "\nExample:\n  aqueduto license versions lic_01j8…")
    .action((id: string, _options: object, command: Command) => listVersions(id, command));
  license
    .command("effect")
    .description("show what publishing a version would open and close, and what last week's calls would have got")
    .argument("<license-id>", "id of the license")
    .argument("<version>", "number of the version")
    .addHelpText("after", "\nExample:\n  aqueduto license effect lic_01j8… 2")
    .action(async (id: string, version: string, _options: object, command: Command) => {
      const client = await connect(command);
      const effect = await client.call("GET /v1/licenses/{license_id}/versions/{version}/effect", versionOf(id, version));
      show(command, effect, () => effectLines(effect));
    });
}

async function showLicense(licenseId: string, command: Command): Promise<void> {
  const client = await connect(command);
  const one = await client.call("GET /v1/licenses/{license_id}", { params: { license_id: licenseId } });
  show(command, one, () => licenseLines(one));
}

async function list(options: { partner?: string }, command: Command): Promise<void> {
  const client = await connect(command);
  const query = defined({ partner_id: options.partner });
  const items = await everyPage((page) => client.call("GET /v1/licenses", { query: { ...query, ...page } }));
  show(command, items, () =>
    table([
      ["LICENSE", "PARTNER", "STATE", "UNTIL", "NAME"],
      ...items.map((one) => [one.license_id, one.partner_id, one.state, one.ends_at, one.name]),
    ]),
  );
}

async function listVersions(licenseId: string, command: Command): Promise<void> {
  const client = await connect(command);
  const params = { license_id: licenseId };
  const items = await everyPage((query) => client.call("GET /v1/licenses/{license_id}/versions", { params, query }));
  show(command, items, () =>
    table([
      ["VERSION", "STATE", "AUTHORS", "REASON"],
      ...items.map((one) => [String(one.version), one.state, one.authors.join(" "), one.reason ?? ""]),
    ]),
  );
}

async function template(id: string | undefined, command: Command): Promise<void> {
  const client = await connect(command);
  const { items } = await client.call("GET /v1/license-templates", { query: { limit: 200 } });
  if (id === undefined) {
    show(command, items, () =>
      table([["TEMPLATE", "LEGAL BASIS", "FOR"], ...items.map((one) => [one.template_id, one.legal_basis, one.titulo])]),
    );
    return;
  }
  const one = items.find((item) => item.template_id === id);
  if (one === undefined) throw new CommandError(`there is no template ${id}; aqueduto license template lists them`, { usage: true });
  // what is left is what a draft's file takes
  const { template_id: _id, title: _title, titulo: _titulo, ...content } = one;
  showDocument(command, content);
}
