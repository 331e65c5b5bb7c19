import type { Readable } from "node:stream";

/** The body, or why there is none: it passed the limit, or the client went away. */
export type BodyRead = Buffer | "too-large" | "aborted";

/** Collects a stream up to `limitBytes`. Past the limit it stops reading, so memory never holds more than the limit and one chunk. */
export function readBody(stream: Readable, limitBytes: number): Promise<BodyRead> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (result: BodyRead): void => {
      stream.off("data", take);
      resolve(result);
    };
    function take(chunk: Buffer): void {
      bytes += chunk.length;
      if (bytes > limitBytes) {
        stream.pause();
        settle("too-large");
      } else chunks.push(chunk);
    }
    stream.on("data", take);
    stream.once("end", () => settle(Buffer.concat(chunks, bytes)));
    stream.once("error", () => settle("aborted"));
    stream.once("close", () => settle("aborted"));
  });
}
