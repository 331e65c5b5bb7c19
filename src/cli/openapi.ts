import type { Command } from "commander";
import { connect } from "./connect.ts";
import { showDocument } from "./output.ts";

/** `aqueduto openapi`: what the admin API of this platform takes and answers. */
export function addOpenapi(program: Command): void {
  program
    .command("openapi")
    .description("print the OpenAPI 3.1 document of the admin API, as this platform serves it")
    .addHelpText("after", "\nExample:\n  aqueduto openapi > admin-api.json")
    .action(async (_options: object, command: Command) => {
      const client = await connect(command);
      showDocument(command, await client.call("GET /v1/openapi.json"));
    });
}
