import type { Command } from "commander";
import { connect } from "./connect.ts";
import { showVersion, versionLines, versionOf, withVersion } from "./license-version.ts";
import { show } from "./output.ts";
import { spread } from "./spread.ts";

type WithReason = { reason: string };
type Seen = { effect: string };

/** The verbs that put a version in force: a signed-in person's alone, by the effect that the person saw. */
export function addApproving(license: Command): void {
  withVersion(license, "approve", "approve a submitted version (people only)")
    .requiredOption("--effect <hash>", "the effect you saw: aqueduto license effect")
    .addHelpText("after", "\nExample:\n  aqueduto --as-me license approve lic_01j8… 2 --effect 5d41402a…")
    .action((id: string, version: string, { effect }: Seen, command: Command) =>
      showVersion(command, (client) =>
        client.call("POST /v1/licenses/{license_id}/versions/{version}/approve", { ...versionOf(id, version), body: { effect } }),
      ),
    );
  withVersion(license, "refuse", "refuse a submitted version: a draft again (people only)")
    .requiredOption("--reason <text>", "why")
    .addHelpText("after", "\nExample:\n  aqueduto --as-me license refuse lic_01j8… 2 --reason 'the name is not needed for this purpose'")
    .action((id: string, version: string, { reason }: WithReason, command: Command) =>
      showVersion(command, (client) =>
        client.call("POST /v1/licenses/{license_id}/versions/{version}/refuse", { ...versionOf(id, version), body: { reason } }),
      ),
    );
  withVersion(license, "publish", "publish an approved version, or a submitted one that only closes (people only)")
    .requiredOption("--effect <hash>", "the effect you saw: aqueduto license effect")
    .addHelpText("after", "\nExample:\n  aqueduto --as-me license publish lic_01j8… 2 --effect 5d41402a…")
    .action(async (id: string, version: string, { effect }: Seen, command: Command) => {
      const client = await connect(command);
      const one = { ...versionOf(id, version), body: { effect } };
      const done = await client.call("POST /v1/licenses/{license_id}/versions/{version}/publish", one);
      show(command, done, () => [...versionLines(done.version), ...spread(done)]);
    });
}

const holds = {
  suspend: {
    route: "POST /v1/licenses/{license_id}/suspend",
    description: "suspend a license until it is resumed",
    example: "license suspend lic_01j8… --reason 'invoice 7 is open'",
  },
  resume: {
    route: "POST /v1/licenses/{license_id}/resume",
    description: "resume a suspended license (people only)",
    example: "--as-me license resume lic_01j8… --reason 'invoice 7 is paid'",
  },
  end: {
    route: "POST /v1/licenses/{license_id}/end",
    description: "end a license and its tokens for good",
    example: "license end lic_01j8… --reason 'contract 12/2026 is over'",
  },
} as const;

/** The verbs that stop a license and let it go on. */
export function addHolding(license: Command): void {
  for (const [name, { route, description, example }] of Object.entries(holds))
    license
      .command(name)
      .description(description)
      .argument("<license-id>", "id of the license")
      .requiredOption("--reason <text>", "why")
      .addHelpText("after", `\nExample:\n  aqueduto ${example}`)
      .action(async (id: string, { reason }: WithReason, command: Command) => {
        const client = await connect(command);
        const held = await client.call(route, { params: { license_id: id }, body: { reason } });
        show(command, held, () => [`${held.license.license_id} is ${held.license.state}`, ...spread(held)]);
      });
}
