/**
 * CSV for the spreadsheets of Brazilian offices: UTF-8 without byte order mark, `;`, CRLF, every cell quoted. A cell
 * that a spreadsheet could take for a formula (it begins with = + - @, also full-width, or with tab, LF or CR) gets a `'`
 * in front; plain decimal numbers stay numbers. Line breaks within a cell stay as they are, between its quotes.
 */
export function csvLine(cells: readonly unknown[]): string {
  return `${cells.map(csvCell).join(";")}\r\n`;
}

const formulaStart = /^[=+\-@\t\n\r＝＋－＠]/;

function csvCell(value: unknown): string {
  const text = cellText(value);
  const guarded = formulaStart.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return `"${guarded.replaceAll('"', '""')}"`;
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(cellText).join(", ");
  if (typeof value === "string") return value;
  return typeof value === "bigint" ? value.toString() : JSON.stringify(value);
}

/** Head and rows of a table, line by line; each row is read by its column names. */
export async function* csvLines(columns: readonly string[], rows: AsyncIterable<object>): AsyncGenerator<string> {
  yield csvLine(columns);
  for await (const row of rows) yield csvLine(columns.map((name) => Reflect.get(row, name)));
}
