import type { Command } from "commander";
import type { Client } from "../contract/client.ts";
import type { Reply } from "../contract/routes.ts";
import { connect } from "./connect.ts";
import { contentLines } from "./license-lines.ts";
import { show } from "./output.ts";

type Version = Reply<"GET /v1/licenses/{license_id}/versions/{version}">;

/** A verb of `aqueduto license` on one version. */
export function withVersion(license: Command, name: string, description: string): Command {
  return license
    .command(name)
    .description(description)
    .argument("<license-id>", "id of the license")
    .argument("<version>", "number of the version");
}

/** Parameters of the routes of one version. */
export function versionOf(licenseId: string, version: string): { params: { license_id: string; version: string } } {
  return { params: { license_id: licenseId, version } };
}

/** Shows the version that a call gives. */
export async function showVersion(command: Command, ask: (client: Client) => Promise<Version>): Promise<void> {
  const version = await ask(await connect(command));
  show(command, version, () => versionLines(version));
}

/** A version for people. The reason stands with the state it led to; later it is history. */
export function versionLines(version: Version): string[] {
  const stopped = version.state === "refused" || version.state === "withdrawn";
  return [
    `${version.license_id}  version ${version.version}, ${version.state}${stopped ? `: ${version.reason ?? ""}` : ""}`,
    ...(stopped || version.reason === null ? [] : [`refused once: ${version.reason}`]),
    `authors     ${version.authors.join(" ")}`,
    ...contentLines(version.content),
  ];
}
