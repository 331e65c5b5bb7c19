import { AppError } from "../../contract/errors.ts";

/** The items of an event envelope: their type, the value of each for checking, and its exact text. */
export type Envelope = { type: string; items: { text: string; value: unknown }[] };

const deepest = 32;

/**
 * Reads `{"<type>":[item, …]}` and keeps every item's text as received, without the blanks around it: numbers are never
 * written anew. Throws `bad-request` for what is not JSON, and `invalid-field` with the pointer for another shape, for
 * an object that names a member twice (receivers would disagree on which one holds), a number with an exponent, and nesting deeper than 32.
 */
export function sliceEnvelope(text: string): Envelope {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuse("", "an object with one event type is expected");
  const types = Object.keys(value);
  const type = types[0];
  if (type === undefined || types.length !== 1) refuse("", "exactly one event type is expected");
  const values: unknown = Object.entries(value)[0]?.[1];
  const pointer = `/${escapePointer(type)}`;
  if (!Array.isArray(values) || values.length === 0) refuse(pointer, "a list of at least one item is expected");
  const texts = new Slicer(text).itemTexts();
  return {
    type,
    items: values.map((item: unknown, index) => ({ text: texts[index] ?? refuse(pointer, "an item is missing"), value: item })),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AppError("bad-request", "the body is not JSON", { cause: error });
  }
}

function refuse(pointer: string, detail: string): never {
  throw new AppError("invalid-field", detail, { pointer: `/body${pointer}` });
}

function escapePointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** Walks text that JSON.parse has accepted, so it only has to find where values begin and end. */
class Slicer {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Text of each item of the list in the first member. */
  itemTexts(): string[] {
    const texts: string[] = [];
    this.#object([], (pointer) => {
      this.#list(pointer, (itemPointer) => {
        const start = this.#at;
        this.#value(itemPointer);
        texts.push(this.#text.slice(start, this.#at));
      });
    });
    return texts;
  }

  #value(pointer: readonly string[]): void {
    if (pointer.length > deepest) refuse(pointerText(pointer), "this is nested too deep");
    const first = this.#text[this.#at];
    if (first === "{") this.#object(pointer, (inner) => this.#value(inner));
    else if (first === "[") this.#list(pointer, (inner) => this.#value(inner));
    else if (first === '"') this.#string();
    else this.#scalar(pointer);
  }

  #object(pointer: readonly string[], member: (pointer: readonly string[]) => void): void {
    const names = new Set<string>();
    this.#members("}", () => {
      const name = this.#string();
      const inner = [...pointer, name];
      if (names.has(name)) refuse(pointerText(inner), "this member stands twice");
      names.add(name);
      this.#skipBlanks();
      this.#at += 1; // the colon
      this.#skipBlanks();
      member(inner);
    });
  }

  #list(pointer: readonly string[], item: (pointer: readonly string[]) => void): void {
    let index = 0;
    this.#members("]", () => {
      item([...pointer, String(index)]);
      index += 1;
    });
  }

  /** From an opening bracket to just after its closing one, calling `one` at the start of each member. */
  #members(close: string, one: () => void): void {
    this.#skipBlanks();
    this.#at += 1;
    this.#skipBlanks();
    while (this.#text[this.#at] !== close) {
      one();
      this.#skipBlanks();
      if (this.#text[this.#at] === ",") this.#at += 1;
      this.#skipBlanks();
    }
    this.#at += 1;
  }

  #string(): string {
    const start = this.#at;
    this.#at += 1;
    while (this.#text[this.#at] !== '"') this.#at += this.#text[this.#at] === "\\" ? 2 : 1;
    this.#at += 1;
    return String(JSON.parse(this.#text.slice(start, this.#at)));
  }

  #scalar(pointer: readonly string[]): void {
    const start = this.#at;
    while (/[-+.0-9a-zA-Z]/.test(this.#text[this.#at] ?? "")) this.#at += 1;
    const isNumber = /[-0-9]/.test(this.#text[start] ?? "");
    if (isNumber && /[eE]/.test(this.#text.slice(start, this.#at))) refuse(pointerText(pointer), "numbers are written without an exponent");
  }

  #skipBlanks(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? "")) this.#at += 1;
  }
}

function pointerText(pointer: readonly string[]): string {
  return pointer.map((name) => `/${escapePointer(name)}`).join("");
}
