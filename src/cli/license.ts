import type { Command } from "commander";
import { connect } from "./connect.ts";
import { allPages, show, table } from "./output.ts";

/** `aqueduto license …`: what partners may do. */
export function addLicense(program: Command): void {
  const license = program
    .command("license")
    .description("licenses of partners: show, list")
    .addHelpText("after", "\nExample:\n  aqueduto license list");
  license
    .command("show")
    .description("show a license with its operations, projection and events")
    .argument("<license-id>", "id of the license")
    .addHelpText("after", "\nExample:\n  aqueduto license show lic_01j8…")
    .action((id: string, _options: object, command: Command) => showOne(id, command));
  license
    .command("list")
    .description("list licenses")
    .option("--partner <id>", "of this partner only")
    .addHelpText("after", "\nExample:\n  aqueduto license list --json")
    .action((options: { partner?: string }, command: Command) => list(options, command));
}

async function showOne(licenseId: string, command: Command): Promise<void> {
  const client = await connect(command);
  const one = await client.call("GET /v1/licenses/{license_id}", { params: { license_id: licenseId } });
  show(command, one, () => [
    `${one.license_id}  ${one.name}  (version ${one.version}, ${one.state})`,
    `partner     ${one.partner_id}`,
    `purpose     ${one.purpose}`,
    `legal basis ${one.legal_basis}`,
    `term        ${one.starts_at} to ${one.ends_at}`,
    `limit       ${one.rate_per_second}/s, ${one.burst} at once`,
    ...one.operations.map(
      (op) =>
        `operation   ${op.operation_id}  ${Object.entries(op.projection)
          .map((pair) => pair.join("="))
          .join(" ")}`,
    ),
    ...one.events.map((event) => `event       ${event.event_type} (${event.variant})`),
  ]);
}

async function list(options: { partner?: string }, command: Command): Promise<void> {
  const client = await connect(command);
  const query = options.partner === undefined ? {} : { partner_id: options.partner };
  const items = await allPages((page) => client.call("GET /v1/licenses", { query: { ...query, ...page } }));
  show(command, items, () =>
    table([
      ["LICENSE", "PARTNER", "STATE", "UNTIL", "NAME"],
      ...items.map((one) => [one.license_id, one.partner_id, one.state, one.ends_at, one.name]),
    ]),
  );
}
