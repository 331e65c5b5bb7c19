import { createHash } from "node:crypto";
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
    test(`of ${pathOf(command)}`, () => {
      const help = helpOf(command);
      expect(help).toMatch(/^Examples?:\n {2}/m);
      expect(help).toContain("--json");
    });
  }
});

/** The words that lead to a command. */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** The words of a command line as a shell makes them, up to a pipe or a redirection; without what is set for the command alone. */
function shellWords(line: string): string[] {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([whole, single, double]) => ({
    text: single ?? double ?? whole,
    quoted: whole !== (single ?? double ?? whole),
  }));
  const end = words.findIndex(({ text, quoted }) => !quoted && /^([<>|]|<<<|&&)/.test(text));
  const begin = words.findIndex(({ text }) => !/^[A-Z_]+=/.test(text));
  return words.slice(begin, end === -1 ? undefined : end).map(({ text }) => text);
}

/** The command that a line would run, by the parser itself: it refuses unknown words, options and missing ones. */
async function parsed(words: string[]): Promise<string> {
  const program = createProgram({ json: true });
  let ran = "";
  for (const command of everyCommand(program))
    if (command.commands.length === 0)
      command.action(() => {
        ran = pathOf(command);
      });
  await program.parseAsync(words, { from: "user" });
  return ran;
}

describe("every example in a help is a call that the command takes", () => {
  for (const command of everyCommand(createProgram())) {
    const examples = helpOf(command).match(/^ {2}.*\baqueduto .*$/gm) ?? [];
    const lines = examples.map((line) => line.trim()).filter((line) => /^([A-Z_]+=\S+ )*aqueduto /.test(line) && !line.endsWith("--help"));
    test.each(lines)(`${pathOf(command)}: %s`, async (line) => {
      const ran = await parsed(shellWords(line).slice(1));
      expect(ran).not.toBe("");
      // a group shows one of its commands; sign-in also what it is for
      if (command.commands.length === 0 && command.name() !== "sign-in") expect(ran).toBe(pathOf(command));
    });
  }
});

describe("no secret is an argument of the command: it is asked for, or read from a file or standard input", () => {
  const secret = /password|passphrase|secret|credential|link|recovery|api-key|\btoken\b/i;
  for (const command of everyCommand(createProgram()))
    test(`of ${pathOf(command)}`, () => {
      const given = command.options.filter((option) => secret.test(option.long ?? "") && (option.required || option.optional));
      // a file that holds it, and where the whole file goes
      expect(given.map((option) => option.long).filter((name) => name?.endsWith("-file") !== true)).toEqual([]);
      const named = command.registeredArguments.map((argument) => argument.name()).filter((name) => secret.test(name));
      expect(named.filter((name) => !name.endsWith("-id"))).toEqual([]);
    });
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
    ["license", "draft", "--license", "lic_1", "--template", "bank"],
    ["license", "draft", "--file", "/nowhere/bank.yaml"],
    ["access", "create", "--client", "cli_1", "--license", "lic_1", "--kind", "public"],
    ["access", "update", "acc_1"],
    ["webhook", "update", "whk_1"],
    ["kill", "set", "everything", "--reason", "x"],
    ["kill", "set", "partner", "--reason", "x"],
    ["kill", "set", "all", "par_1", "--reason", "x"],
    ["approval-mode", "set", "one", "--reason", "x"],
    ["revocation", "list", "--state", "soon"],
    ["node", "revoke"],
    ["node", "revoke", "tok_1", "--access", "acc_1"],
    ["delivery", "list", "-n", "0"],
    ["event", "send", "/nowhere/items.json", "--idempotency-key", "k"],
    ["operation", "update", "getBill", "--service", "svc_1", "--timeout", "1s"],
    ["service", "update", "svc_1"],
    ["keys", "rotate", "everything", "--reason", "x"],
    ["keys", "backup", "/tmp/never-written", "--passphrase-file", "/nowhere/passphrase"],
    ["user", "invite", "--email", "a@b.example", "--name", "A", "--role", "chefe"],
    ["privacy", "incident", "assess", "inc_1", "--risk", "some"],
    ["apply", "/nowhere/policy.yaml"],
    ["sign-in"],
  ];
  for (const call of calls) {
    test(call.join(" "), async () => {
      const { said, code } = await run(...call, "--json");
      expect(code).toBe(2);
      expect(JSON.parse(said)).toEqual({ error: { message: expect.any(String), usage: true } });
    });
  }
});

test("a token made here is of the grammar of own tokens; its SHA-256 is printed, and nothing is sent", async () => {
  const fetched = vi.spyOn(globalThis, "fetch");
  let printed = "";
  const written = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  try {
    await main(["token", "new", "--json"]);
  } finally {
    written.mockRestore();
  }
  const made = JSON.parse(printed) as { token: string; sha256: string };
  expect(made.token).toMatch(/^(?!aq_)[A-Za-z0-9_-]{43,128}$/);
  expect(made.sha256).toBe(createHash("sha256").update(made.token).digest("hex"));
  expect(fetched).not.toHaveBeenCalled();
  fetched.mockRestore();
});
