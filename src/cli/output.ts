import type { Command } from "commander";

/** Names of JSON that the command prints are camelCase: `token_id` of the API becomes `tokenId`. */
export function camelKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, v]) => [camel(name), camelKeys(v)]));
}

function camel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Prints a result: one JSON document with --json, else the lines for people. */
export function show(command: Command, value: unknown, lines: () => string[]): void {
  if (command.optsWithGlobals<{ json?: boolean }>().json === true) process.stdout.write(`${JSON.stringify(camelKeys(value))}\n`);
  else for (const line of lines()) process.stdout.write(`${line}\n`);
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

type Page<T> = { items: T[]; next: string | null };

/** Every item of a list, page by page. */
export async function allPages<T>(get: (page: { limit: number; cursor?: string }) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await get({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return items;
}
