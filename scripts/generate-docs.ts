// Writes the documents that come from the contract: docs/openapi.json and docs/errors.md. Its test says when they are old.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorTable } from "../src/contract/errors.ts";
import { openapiDocument } from "../src/contract/openapi.ts";

const root = join(import.meta.dirname, "..");

/** The generated documents as they should be. */
export function generatedDocs(): { path: string; text: string }[] {
  return [
    { path: join(root, "docs", "openapi.json"), text: `${JSON.stringify(openapiDocument(), undefined, 2)}\n` },
    { path: join(root, "docs", "errors.md"), text: errorsPage() },
  ];
}

function errorsPage(): string {
  const rows = Object.entries(errorTable).map(([code, { status, title, titulo }]) => [`\`${code}\``, String(status), title, titulo]);
  return [
    "# Errors",
    "",
    "Made by `scripts/generate-docs.ts` from `src/contract/errors.ts`. Every refusal is a problem document (RFC 9457): `code` is stable",
    "and never changes its meaning, `title` follows `Accept-Language` (pt-BR or en), `detail` says what to do, `pointer` names the faulty",
    "part of the input, `request_id` finds the request in logs and audit. [api.md](api.md) says how to go on after each.",
    "",
    ...markdownTable([["Code", "Status", "Title", "Título"], ...rows]),
    "",
  ].join("\n");
}

function markdownTable(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const line = (cells: string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...rest] = rows;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rest.map(line)];
}

if (import.meta.main) for (const { path, text } of generatedDocs()) await writeFile(path, text);
