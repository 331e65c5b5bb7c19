import type { BaseTable } from "./base-tables.ts";

export type Cell = string | number | null;

/** Rows of one chunk as lines of COPY text format, kept by table until they are written. */
export type RowBuffer = {
  add(table: BaseTable, cells: readonly Cell[]): void;
  /** The collected text by table and the number of rows; the buffer is empty afterwards. */
  drain(): RowChunk;
};

export type RowChunk = { rows: number; tables: Map<BaseTable, string> };

export function createRowBuffer(): RowBuffer {
  let rows = 0;
  let lines = new Map<BaseTable, string[]>();
  return {
    add(table, cells) {
      const line = cells.map(cellText).join("\t");
      const list = lines.get(table);
      if (list === undefined) {
        lines.set(table, [line]);
      } else {
        list.push(line);
      }
      rows += 1;
    },
    drain() {
      const tables = new Map([...lines].map(([table, list]) => [table, `${list.join("\n")}\n`]));
      const chunk = { rows, tables };
      rows = 0;
      lines = new Map();
      return chunk;
    },
  };
}

const SPECIAL = /[\\\t\n\r]/g;
const ESCAPES: Record<string, string> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** One value in COPY text format (PostgreSQL manual, "COPY", File Formats). */
function cellText(cell: Cell): string {
  if (cell === null) {
    return "\\N";
  }
  return typeof cell === "number" ? String(cell) : cell.replace(SPECIAL, (found) => ESCAPES[found] ?? found);
}
