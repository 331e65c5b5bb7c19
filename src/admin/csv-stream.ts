import { Readable } from "node:stream";
import { csvLines } from "../contract/csv.ts";

/**
 * A table of these columns, one line per value. What fails before the first value is thrown, so that it gets a status of
 * its own; what fails later breaks the connection off, because a table has no place to say so.
 */
export async function csvStream(columns: readonly string[], values: AsyncIterable<unknown>): Promise<Readable> {
  const iterator = values[Symbol.asyncIterator]();
  const first = await iterator.next();
  return Readable.from(csvLines(columns, rest(iterator, first)));
}

async function* rest(iterator: AsyncIterator<unknown>, first: IteratorResult<unknown>): AsyncGenerator<object> {
  try {
    for (let step = first; step.done !== true; step = await iterator.next()) yield Object(step.value);
  } finally {
    await iterator.return?.();
  }
}
