import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { CommandError } from "./failure.ts";

/** A JSON or YAML file as a value. Aliases of YAML are bounded, so that a small file cannot become a huge one. */
export async function readDocumentFile(file: string): Promise<unknown> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new CommandError(`the file ${file} cannot be read`, { cause, usage: true });
  });
  try {
    const value: unknown = parse(text, { maxAliasCount: 100, prettyErrors: false });
    return value;
  } catch (cause) {
    throw new CommandError(`${file} is neither JSON nor YAML`, { cause, usage: true });
  }
}

/** What was given on standard input, up to 10 kB, without blanks around it: secrets and personal data stay out of the process list. */
export async function readStandardInput(what: string): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write(`${what}, then Enter and Ctrl-D: `);
  let text = "";
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.length > 10_000) throw new CommandError(`${what}: too long`, { usage: true });
  }
  if (text.trim() === "") throw new CommandError(`${what} is expected on standard input`, { usage: true });
  return text.trim();
}
