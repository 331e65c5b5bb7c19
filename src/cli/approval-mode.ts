import type { Command } from "commander";
import type { Reply } from "../contract/routes.ts";
import { connect } from "./connect.ts";
import { oneOf } from "./one-of.ts";
import { show } from "./output.ts";

const modes = ["two_persons", "single_approver"] as const;

/** `aqueduto approval-mode …`: how many persons it takes to open personal data. */
export function addApprovalMode(program: Command): void {
  const mode = program
    .command("approval-mode")
    .description("whether opening personal data takes two persons: show, set")
    .addHelpText("after", "\nExample:\n  aqueduto approval-mode show");
  mode
    .command("show")
    .description("show the mode, since when and why")
    .addHelpText("after", "\nExample:\n  aqueduto approval-mode show --json")
    .action(async (_options: object, command: Command) => {
      const client = await connect(command);
      showMode(command, await client.call("GET /v1/approval-mode"));
    });
  mode
    .command("set")
    .description("choose the mode (people only); single_approver while nobody else could approve")
    .argument("<mode>", modes.join(" or "))
    .requiredOption("--reason <text>", "why; shown with every license")
    .addHelpText("after", "\nExample:\n  aqueduto --as-me approval-mode set single_approver --reason 'one employee until March'")
    .action(async (mode: string, { reason }: { reason: string }, command: Command) => {
      const body = { mode: oneOf(mode, modes, "the mode"), reason };
      const client = await connect(command);
      const { etag } = await client.read("GET /v1/approval-mode");
      showMode(command, await client.call("PUT /v1/approval-mode", { headers: { "if-match": etag }, body }));
    });
}

function showMode(command: Command, { mode, reason, since }: Reply<"GET /v1/approval-mode">): void {
  show(command, { mode, reason, since }, () => [
    mode === "two_persons" ? "two persons" : `single approver since ${since ?? "-"}: ${reason ?? ""}`,
  ]);
}
