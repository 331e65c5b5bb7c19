import { Readable } from "node:stream";
import type { Language } from "../contract/language.ts";
import { problemOf, toAppError } from "./problem-reply.ts";

type Told = { requestId: string; language: Language };

/**
 * Lines of JSON, one per value. What fails before the first value is thrown, so that it gets a status of its own; a
 * failure after it ends the stream with the line of its problem document.
 */
export async function ndjsonStream(values: AsyncIterable<unknown>, told: Told): Promise<Readable> {
  const iterator = values[Symbol.asyncIterator]();
  const first = await iterator.next();
  return Readable.from(lines(iterator, first, told));
}

async function* lines(iterator: AsyncIterator<unknown>, first: IteratorResult<unknown>, told: Told): AsyncGenerator<string> {
  try {
    for (let step = first; step.done !== true; step = await iterator.next()) yield `${JSON.stringify(step.value)}\n`;
  } catch (error) {
    yield `${JSON.stringify(problemOf(toAppError(error), told.requestId, told.language))}\n`;
  } finally {
    await iterator.return?.();
  }
}
