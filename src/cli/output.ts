import type { Command } from "commander";
import { csvLine } from "../contract/csv.ts";
import { CommandError } from "./failure.ts";

/** Names of JSON that the command prints are camelCase: `token_id` of the API becomes `tokenId`. */
export function camelKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, v]) => [camel(name), camelKeys(v)]));
}

function camel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Whether --json was given. */
export function wantsJson(command: Command): boolean {
  return command.optsWithGlobals<{ json?: boolean }>().json === true;
}

/** Prints a result: one JSON document with --json, else the lines for people. */
export function show(command: Command, value: unknown, lines: () => string[]): void {
  if (wantsJson(command)) process.stdout.write(`${JSON.stringify(camelKeys(value))}\n`);
  else for (const line of lines()) process.stdout.write(`${line}\n`);
}

/** Prints a document of somebody's own format as it is, names untouched: on one line with --json. */
export function showDocument(command: Command, document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, undefined, wantsJson(command) ? undefined : 2)}\n`);
}

/**
 * Prints rows as they arrive: a table in CSV with `csv`, one array with --json, else one JSON document a line with the
 * API's names.
 */
export async function showRows(
  command: Command,
  rows: AsyncIterable<object>,
  { csv, columns }: { csv: boolean; columns: readonly string[] },
): Promise<void> {
  const json = wantsJson(command);
  if (csv && json) throw new CommandError("--csv and --json are two forms of the same; give one", { usage: true });
  if (csv) process.stdout.write(csvLine(columns));
  let count = 0;
  for await (const row of rows) {
    if (csv) process.stdout.write(csvLine(columns.map((name) => Reflect.get(row, name))));
    else if (json) process.stdout.write(`${count === 0 ? "[" : ",\n"}${JSON.stringify(camelKeys(row))}`);
    else process.stdout.write(`${JSON.stringify(row)}\n`);
    count += 1;
  }
  if (json) process.stdout.write(count === 0 ? "[]\n" : "]\n");
}

/** Text columns, each as wide as its longest cell; the first row is the head. */
export function table(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
