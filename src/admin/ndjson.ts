import { Readable } from "node:stream";
import { problemOf, toAppError } from "./problem-reply.ts";

/**
 * Lines of JSON, one per value. What fails before the first value is thrown, so that it gets a status of its own; a
 * failure after it ends the stream with the line of its problem document.
 */
export async function ndjsonStream(values: AsyncIterable<unknown>, requestId: string): Promise<Readable> {
  const iterator = values[Symbol.asyncIterator]();
  const first = await iterator.next();
  return Readable.from(lines(iterator, first, requestId));
}

async function* lines(iterator: AsyncIterator<unknown>, first: IteratorResult<unknown>, requestId: string): AsyncGenerator<string> {
  try {
    for (let step = first; step.done !== true; step = await iterator.next()) yield `${JSON.stringify(step.value)}\n`;
  } catch (error) {
    yield `${JSON.stringify(problemOf(toAppError(error), requestId))}\n`;
  } finally {
    await iterator.return?.();
  }
}
