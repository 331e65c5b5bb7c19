import { readFile } from "node:fs/promises";
import { ask } from "./ask.ts";
import { CommandError } from "./failure.ts";

type How = { twice: boolean; what?: string };

/** A passphrase: the first line of a file, or asked; typed twice at a terminal where it is a new one. Never an argument. */
export async function askPassphrase(file: string | undefined, { twice, what = "Passphrase" }: How): Promise<string> {
  if (file !== undefined) return firstLine(file);
  const first = await ask(`${what}: `, { hidden: true });
  if (twice && process.stdin.isTTY && (await ask("Again: ", { hidden: true })) !== first)
    throw new CommandError("the two differ; nothing was done");
  return first;
}

async function firstLine(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new CommandError(`the file ${file} cannot be read`, { cause, usage: true });
  });
  return (text.split("\n")[0] ?? "").replace(/\r$/, "");
}
