import type { Command } from "commander";
import { describe, expect, test, vi } from "vitest";
import { createProgram, main } from "./main.ts";

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** Runs the command in this process; what it says on standard error, and its exit code. */
async function run(...argv: string[]): Promise<{ said: string; code: unknown }> {
  const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
  try {
    await main(argv);
    return { said: said.mock.calls.flat().join("\n"), code: process.exitCode };
  } finally {
    said.mockRestore();
    process.exitCode = 0;
  }
}

describe("the help of every command shows an example and the options that all share", () => {
  for (const command of everyCommand(createProgram())) {
    test(`of ${command.name()}`, () => {
      const help = helpOf(command);
      expect(help).toMatch(/^Examples?:\n {2}/m);
      expect(help).toContain("--json");
    });
  }
});

describe("a wrong call with --json says so in one JSON document and ends with 2", () => {
  const calls = [
    ["nonsense"],
    ["token"],
    ["token", "revoke"],
    ["token", "regenerate", "--access", "acc_1", "--overlap", "2h"],
    ["demo", "pay", "--count", "1e3"],
    ["demo", "pay", "--count", "0"],
    ["demo", "pay", "--matricula", ""],
    ["audit", "tail", "-n", "201"],
    ["webhook", "test", "whk_1", "--wait", "soon"],
    ["license", "list", "--admin", "ftp://127.0.0.1"],
  ];
  for (const call of calls) {
    test(call.join(" "), async () => {
      const { said, code } = await run(...call, "--json");
      expect(code).toBe(2);
      expect(JSON.parse(said)).toEqual({ error: { message: expect.any(String), usage: true } });
    });
  }
});
