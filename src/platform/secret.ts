import { inspect } from "node:util";

/**
 * A value that has no string form: printing, JSON, templates and inspection show `[secret]`.
 * Only `reveal` gives the value, so every place that uses it can be found by that name.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}
