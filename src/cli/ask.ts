import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { CommandError } from "./failure.ts";

/** What came through a pipe and was not asked for yet. */
let waiting = "";

/** Asks at the terminal; without one, takes the next line of standard input. `hidden` shows nothing of what is typed. */
export async function ask(question: string, { hidden = false } = {}): Promise<string> {
  process.stderr.write(question);
  if (!process.stdin.isTTY) return nextLine(question);
  // the terminal repeats what is typed through this stream: to nowhere
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: hidden ? nowhere : process.stderr, terminal: true });
  try {
    return await reader.question("");
  } finally {
    reader.close();
    if (hidden) process.stderr.write("\n");
  }
}

async function nextLine(question: string): Promise<string> {
  const { stdin } = process;
  stdin.setEncoding("utf8");
  while (!waiting.includes("\n")) {
    const chunk: unknown = stdin.read();
    if (typeof chunk === "string") waiting += chunk;
    else if (stdin.readableEnded) break;
    else await Promise.race([once(stdin, "readable"), once(stdin, "end")]);
  }
  process.stderr.write("\n");
  // a pipe that its other end keeps open must not keep this process
  stdin.pause();
  if (waiting === "") throw new CommandError(`nothing on standard input answers "${question.trim()}"`, { usage: true });
  const [line = "", ...rest] = waiting.split("\n");
  waiting = rest.join("\n");
  return line.replace(/\r$/, "");
}
