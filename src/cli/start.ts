import type { Command } from "commander";
import { loadConfig } from "../platform/config.ts";
import { startScreen } from "./start-screen.ts";

/** `aqueduto start`: all roles in this process, until SIGINT or SIGTERM. */
export function addStart(program: Command): void {
  program
    .command("start")
    .description("start the platform: all roles in this process")
    .addHelpText(
      "after",
      "\nConfiguration comes from the environment; .env.example names every key.\nExample:\n  AQUEDUTO_DATA=/var/lib/aqueduto aqueduto start",
    )
    .action((_options: object, command: Command) => start(command));
}

async function start(command: Command): Promise<void> {
  const json = command.optsWithGlobals<{ json?: boolean }>().json === true;
  const stopping = stopSignal();
  // all the server's code, which no other command needs
  const { startPlatform } = await import("../main.ts");
  const platform = await startPlatform(loadConfig(), {
    say: (line) => process.stderr.write(`${line}\n`),
    stopping: stopping.signal,
  });
  if (platform === undefined) return;
  process.stdout.write(json ? `${JSON.stringify(platform.summary)}\n` : startScreen(platform.summary));
  await platform.ended;
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
