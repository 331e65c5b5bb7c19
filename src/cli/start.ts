import { type Command, Option } from "commander";
import type { NodeSummary, PlatformSummary } from "../contract/platform-summary.ts";
import { loadConfig } from "../platform/config.ts";
import { startScreen } from "./start-screen.ts";

/** `aqueduto start`: all roles in this process, or the gateway alone, until SIGINT or SIGTERM. */
export function addStart(program: Command): void {
  program
    .command("start")
    .description("start the platform: all roles in this process")
    .addOption(
      new Option("--role <role>", "gateway: a node more, over the store and keys of a platform that runs")
        .choices(["all", "gateway"])
        .default("all"),
    )
    .addHelpText(
      "after",
      "\nConfiguration comes from the environment; .env.example names every key.\nExample:\n  AQUEDUTO_DATA=/var/lib/aqueduto aqueduto start",
    )
    .action((options: { role: "all" | "gateway" }, command: Command) => start(options.role, command));
}

async function start(role: "all" | "gateway", command: Command): Promise<void> {
  const json = command.optsWithGlobals<{ json?: boolean }>().json === true;
  const stopping = stopSignal();
  // all the server's code, which no other command needs
  const { startPlatform } = await import("../main.ts");
  const platform = await startPlatform(loadConfig(), {
    say: (line) => process.stderr.write(`${line}\n`),
    stopping: stopping.signal,
    role,
  });
  if (platform === undefined) return;
  process.stdout.write(json ? `${JSON.stringify(platform.summary)}\n` : screenOf(platform.summary));
  await platform.ended;
}

function screenOf(summary: PlatformSummary | NodeSummary): string {
  return "admin" in summary ? startScreen(summary) : `Aqueduto's gateway ${summary.nodeId} is running: ${summary.gateway}\n`;
}

/** Aborted by the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once. */
function stopSignal(): AbortController {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      if (controller.signal.aborted && signal === "SIGINT") process.exit(1);
      controller.abort(signal);
    });
  return controller;
}
