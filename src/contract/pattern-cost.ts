/**
 * How much work a pattern of a document may make: partners send the text that it is matched against. What is counted is
 * the ways in which the runtime's backtracking could try to match, never less than it really takes.
 */
export type PatternUse = {
  /** maxLength beside the pattern; undefined = texts of any length. */
  maxLength: number | undefined;
  /** How many such texts one request can hold. */
  times: number;
};

/** Ways to match × characters looked at, for all texts of one request. */
export const maxSteps = 10_000_000;

const maxPatternLength = 500;
const maxRepeat = 1_000;
const maxSize = 10_000;

/** `ways`: how often matching can turn back, at most; `longest`: characters it takes at most; `size`: with repetitions written out. */
type Part = { ways: number; longest: number; size: number; anchored: boolean };

const empty: Part = { ways: 1, longest: 0, size: 0, anchored: false };
const character: Part = { ways: 1, longest: 1, size: 1, anchored: false };

/** Why a pattern cannot be run on what partners send; undefined when it can. */
export function patternFault(pattern: string, use: PatternUse): string | undefined {
  if (pattern.length > maxPatternLength) return `a pattern has at most ${maxPatternLength} characters`;
  if (!isRegExp(pattern)) return "this is no regular expression (ECMAScript, flag u)";
  const part = new Reader(pattern, use.maxLength ?? Number.POSITIVE_INFINITY).read();
  if (typeof part === "string") return part;
  if (part.size > maxSize) return `with its repetitions written out a pattern has at most ${maxSize} characters`;
  const steps = stepsOf(part, use);
  if (steps === Number.POSITIVE_INFINITY) return "this can take any time: state maxLength, or begin it with ^ and bound each repetition";
  return steps > maxSteps ? "this can take too long to match: repeat less, state a smaller maxLength (in a list also maxItems)" : undefined;
}

/** Steps of the worst text, by the count above; Infinity when nothing bounds them. */
export function patternSteps(pattern: string, use: PatternUse): number {
  const part = new Reader(pattern, use.maxLength ?? Number.POSITIVE_INFINITY).read();
  return typeof part === "string" ? Number.POSITIVE_INFINITY : stepsOf(part, use);
}

function stepsOf(part: Part, { maxLength = Number.POSITIVE_INFINITY, times }: PatternUse): number {
  const starts = part.anchored ? 1 : maxLength + 1;
  return part.ways * starts * (Math.min(part.longest, maxLength) + part.size + 1) * times;
}

function isRegExp(pattern: string): boolean {
  try {
    return typeof new RegExp(pattern, "u").test("") === "boolean";
  } catch {
    return false;
  }
}

/** Thrown by the reader below and by nothing else. */
class NotTaken extends Error {}

/** Reads a pattern that is known to be a regular expression. */
class Reader {
  readonly #text: string;
  readonly #endless: number;
  #at = 0;

  /** `endless`: the length that ends a repetition without bound. */
  constructor(text: string, endless: number) {
    this.#text = text;
    // the round that finds no character left is tried too
    this.#endless = endless + 1;
  }

  /** What the whole pattern costs, or why it is not taken. */
  read(): Part | string {
    try {
      return this.#choice();
    } catch (error) {
      if (error instanceof NotTaken) return error.message;
      throw error;
    }
  }

  #choice(): Part {
    let all = this.#sequence();
    while (this.#take("|")) {
      const next = this.#sequence();
      all = {
        ways: all.ways + next.ways,
        longest: Math.max(all.longest, next.longest),
        size: all.size + next.size + 1,
        anchored: all.anchored && next.anchored,
      };
    }
    return all;
  }

  #sequence(): Part {
    let all: Part | undefined;
    while (this.#at < this.#text.length && this.#text[this.#at] !== "|" && this.#text[this.#at] !== ")") {
      const next = this.#repeated(this.#atom());
      all =
        all === undefined
          ? next
          : {
              ways: all.ways * next.ways,
              longest: all.longest + next.longest,
              size: all.size + next.size,
              anchored: all.anchored,
            };
    }
    return all ?? empty;
  }

  #atom(): Part {
    const char = this.#text[this.#at] ?? "";
    this.#at += 1;
    if (char === "^") return { ...empty, anchored: true };
    if (char === "$") return empty;
    if (char === "(") return this.#group();
    if (char === "[") return this.#set();
    if (char === "\\") return this.#escape();
    return character;
  }

  #group(): Part {
    if (this.#take("?") && !this.#take(":")) {
      if (!/^<[^=!]/.test(this.#text.slice(this.#at))) throw new NotTaken("a pattern may not look around or change its flags");
      this.#at = this.#text.indexOf(">", this.#at) + 1;
    }
    const inner = this.#choice();
    this.#take(")");
    return inner;
  }

  #set(): Part {
    while (this.#text[this.#at] !== "]") this.#at += this.#text[this.#at] === "\\" ? 2 : 1;
    this.#at += 1;
    return character;
  }

  #escape(): Part {
    const [escape = ""] = /^(?:u\{[0-9A-Fa-f]+\}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[pP]\{[^}]*\}|c[A-Za-z]|.)/su.exec(
      this.#text.slice(this.#at),
    ) ?? [""];
    this.#at += escape.length;
    if (/^[1-9k]/.test(escape)) throw new NotTaken("a pattern may not refer back to what it matched");
    return /^[bB]$/.test(escape) ? empty : character;
  }

  /** An atom with the repetition behind it: `ways` of each number of rounds, added up. */
  #repeated(one: Part): Part {
    const [sign = "", low, comma, high] = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/.exec(this.#text.slice(this.#at)) ?? [];
    if (sign === "") return one;
    this.#at += sign.length;
    const stated = Math.max(Number(low ?? 0), Number(high ?? 0));
    if (stated > maxRepeat) throw new NotTaken(`a repetition has at most ${maxRepeat} rounds`);
    const [least, most] = this.#rounds(sign, { low, comma, high });
    const anchored = one.anchored && least > 0;
    return most === 0 ? empty : { ...repeat(one, least, most), size: one.size * Math.max(1, stated), anchored };
  }

  #rounds(sign: string, stated: Record<"low" | "comma" | "high", string | undefined>): [least: number, most: number] {
    if (sign.startsWith("?")) return [0, 1];
    if (sign.startsWith("*")) return [0, this.#endless];
    if (sign.startsWith("+")) return [1, Math.max(1, this.#endless)];
    const least = Number(stated.low);
    if (stated.comma === "") return [least, least];
    return [least, stated.high === "" ? Math.max(least, this.#endless) : Number(stated.high)];
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }
}

function repeat(one: Part, least: number, most: number): Pick<Part, "ways" | "longest"> {
  // a round that takes nothing is not repeated
  const rounds = one.longest === 0 ? least + 1 : most;
  return {
    ways: (rounds - least + 1) * (one.ways === 1 ? 1 : one.ways ** rounds),
    longest: one.longest === 0 ? 0 : one.longest * most,
  };
}
