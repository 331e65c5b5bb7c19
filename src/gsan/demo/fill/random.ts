/**
 * Repeatable random numbers for the synthetic base: sfc32 (128 bits of state) seeded by hashing a label.
 * A property draws from its own generator, so its data depend on neither chunk size nor order. Not for secrets.
 */
export type Random = {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform whole number, both ends included. */
  int(low: number, high: number): number;
  /** true with the given probability. */
  chance(probability: number): boolean;
  pick<T>(list: readonly [T, ...T[]]): T;
  /** Index drawn by weights; they need not add up to 1. */
  weighted(weights: readonly number[]): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
};

/** A generator for `parts`: the same parts give the same numbers on every machine. */
export function createRandom(...parts: readonly (string | number)[]): Random {
  const next = sfc32(hash128(parts.join("/")));
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: (list) => list[int(0, list.length - 1)] ?? list[0],
    weighted: (weights) => drawWeighted(weights, next()),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}

function drawWeighted(weights: readonly number[], unit: number): number {
  let rest = unit * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    rest -= weight;
    if (rest < 0) {
      return index;
    }
  }
  return weights.length - 1;
}

type State = [number, number, number, number];

/** Four 32-bit words from a text: FNV-1a with one offset per word, then the murmur3 finalizer. */
function hash128(text: string): State {
  const words: State = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35];
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    words[0] = Math.imul(words[0] ^ unit, 0x01000193);
    words[1] = Math.imul(words[1] ^ unit, 0x01000193);
    words[2] = Math.imul(words[2] ^ unit, 0x01000193);
    words[3] = Math.imul(words[3] ^ unit, 0x01000193);
  }
  return [finalMix(words[0]), finalMix(words[1]), finalMix(words[2]), finalMix(words[3])];
}

function finalMix(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function sfc32(seed: State): () => number {
  let [a, b, c, counter] = seed;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 4294967296;
  };
  // the first outputs still show the seed
  for (let round = 0; round < 12; round += 1) {
    next();
  }
  return next;
}
