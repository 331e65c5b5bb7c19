import type { Command } from "commander";
import { connect } from "./connect.ts";
import { CommandError } from "./failure.ts";
import { show } from "./output.ts";
import { wholeNumber } from "./whole-number.ts";

type PayOptions = { matricula?: string; count: string; asFile?: boolean };

/** `aqueduto demo …`: things that happen in the synthetic GSAN base. */
export function addDemo(program: Command): void {
  const demo = program
    .command("demo")
    .description("make things happen in the demo base: pay, close-month, reverse, base")
    .addHelpText("after", "\nExample:\n  aqueduto demo pay");
  demo
    .command("pay")
    .description("insert payments the way GSAN does; returns after commit")
    .option("--matricula <n>", "pay bills of this property")
    .option("--count <n>", "how many payments", "1")
    .option("--as-file", "as one bank file, in one transaction")
    .addHelpText("after", "\nExamples:\n  aqueduto demo pay\n  aqueduto demo pay --count 1000 --as-file")
    .action((options: PayOptions, command: Command) => pay(options, command));
  demo
    .command("close-month")
    .description("classify and close the month: rows move to the history, no event follows")
    .addHelpText("after", "\nExample:\n  aqueduto demo close-month")
    .action((_options: object, command: Command) => closeMonth(command));
  demo
    .command("reverse")
    .description("take back delivered payments")
    .option("--count <n>", "how many", "1")
    .addHelpText("after", "\nExamples:\n  aqueduto demo reverse\n  aqueduto demo reverse --count 3 --json")
    .action((options: { count: string }, command: Command) => reverse(options, command));
  demo
    .command("base")
    .description("make the demo base anew")
    .requiredOption("--properties <n>", "how many properties")
    .option("--seed <n>", "the same seed gives the same base")
    .addHelpText("after", "\nExample:\n  aqueduto demo base --properties 200000")
    .action((options: { properties: string; seed?: string }, command: Command) => base(options, command));
}

async function pay(options: PayOptions, command: Command): Promise<void> {
  const body = {
    count: wholeNumber(options.count, { option: "--count", from: 1 }),
    as_file: options.asFile === true,
    ...(options.matricula === undefined ? {} : { matricula: wholeNumber(options.matricula, { option: "--matricula", from: 1 }) }),
  };
  const client = await connect(command);
  const done = await client.call("POST /v1/demo/pay", { body });
  show(command, done, () => lines(done));
}

async function closeMonth(command: Command): Promise<void> {
  const client = await connect(command);
  const done = await client.call("POST /v1/demo/close-month");
  show(command, done, () => lines(done));
}

async function reverse(options: { count: string }, command: Command): Promise<void> {
  const client = await connect(command);
  const done = await client.call("POST /v1/demo/reverse", { body: { count: wholeNumber(options.count, { option: "--count", from: 1 }) } });
  show(command, done, () => lines(done));
}

async function base(options: { properties: string; seed?: string }, command: Command): Promise<void> {
  const body = {
    properties: wholeNumber(options.properties, { option: "--properties", from: 1 }),
    ...(options.seed === undefined ? {} : { seed: wholeNumber(options.seed, { option: "--seed", from: 0 }) }),
  };
  const client = await connect(command);
  let last: Record<string, unknown> = {};
  for await (const progress of client.stream("POST /v1/demo/base", { body })) {
    last = progress;
    if (process.stderr.isTTY) process.stderr.write(`\r${bar(progress)}`);
  }
  if (process.stderr.isTTY) process.stderr.write("\n");
  // a failure after the first line ends the stream with its problem document
  if (last["done"] !== true) throw new CommandError(text(last["detail"] ?? last["title"] ?? "the base was not finished"));
  show(command, last, () => lines(last));
}

function bar(progress: Record<string, unknown>): string {
  const done = Number(progress["properties_done"] ?? 0);
  const all = Math.max(1, Number(progress["properties"] ?? 1));
  const filled = Math.min(30, Math.round((30 * done) / all));
  return `[${"#".repeat(filled)}${".".repeat(30 - filled)}] ${done}/${all} properties, ${text(progress["rows"] ?? 0)} rows   `;
}

function lines(result: Record<string, unknown>): string[] {
  return Object.entries(result).map(([name, value]) => `${name.replaceAll("_", " ").padEnd(16)} ${text(value)}`);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
