import { CommandError } from "./failure.ts";

/** The choice that a text names. Throws CommandError that names the option and its choices. */
export function oneOf<T extends string>(text: string, choices: readonly T[], option: string): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new CommandError(`${option} is one of ${choices.join(", ")}`, { usage: true });
  return found;
}
