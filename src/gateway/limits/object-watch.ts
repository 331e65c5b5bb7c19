/** Where suspicions go. Ids and counts alone: never which objects. */
export type Signals = { raise(kind: "enumeration-suspected", about: { tenantId: string; accessId: string; count: number }): void };

export type ObjectWatchOptions = {
  signals: Signals;
  /** Distinct objects of one access within a window that raise the signal, once per window. */
  suspectAbove?: number;
  windowMs?: number;
  /** Accesses watched at a time; when there are more, the one whose window is oldest is forgotten. */
  maxAccesses?: number;
};

/** Counts how many different objects each access asks for. */
export type ObjectWatch = {
  /** One object that a call names, found or not. */
  saw(access: { tenantId: string; accessId: string }, object: string, nowMs: number): void;
  /** Accesses under watch. */
  size(): number;
};

/** Bits of the count of one access: 512 bytes. At 500 objects the estimate is off by about 1 %, and it holds up to some 20,000. */
const bits = 4096;
const defaultSuspect = 500;
const hourMs = 3_600_000;

type Seen = { sinceMs: number; marks: Uint8Array; marked: number };

/**
 * Linear counting (Whang and others, 1990): each object marks one of 4096 bits, and the number of marks tells how many
 * there were. So an access costs the same memory whatever it asks for, and no object's number is kept.
 */
export function createObjectWatch(options: ObjectWatchOptions): ObjectWatch {
  const { signals, suspectAbove = defaultSuspect, windowMs = hourMs, maxAccesses = 10_000 } = options;
  const suspectMarks = Math.ceil(bits * (1 - Math.exp(-suspectAbove / bits)));
  // who does not know it cannot choose objects that share their marks
  const seed = Math.floor(Math.random() * 2 ** 32);
  const seen = new Map<string, Seen>();

  function windowOf(key: string, nowMs: number): Seen {
    const found = seen.get(key);
    if (found !== undefined && nowMs - found.sinceMs < windowMs) return found;
    const fresh = { sinceMs: nowMs, marks: found?.marks.fill(0) ?? new Uint8Array(bits / 8), marked: 0 };
    // put last: the map's order is that of the windows' beginnings
    seen.delete(key);
    seen.set(key, fresh);
    const [oldest] = seen.size > maxAccesses ? seen.keys() : [];
    if (oldest !== undefined) seen.delete(oldest);
    return fresh;
  }

  return {
    saw({ tenantId, accessId }, object, nowMs) {
      const window = windowOf(`${tenantId}/${accessId}`, nowMs);
      const bit = hash(object, seed) % bits;
      const byte = window.marks[bit >> 3] ?? 0;
      if ((byte & (1 << (bit & 7))) !== 0) return;
      window.marks[bit >> 3] = byte | (1 << (bit & 7));
      window.marked += 1;
      if (window.marked === suspectMarks) signals.raise("enumeration-suspected", { tenantId, accessId, count: estimate(window.marked) });
    },
    size: () => seen.size,
  };
}

function estimate(marked: number): number {
  return Math.round(-bits * Math.log(1 - marked / bits));
}

/** FNV-1a with the last mixing of MurmurHash3, so that neighbouring numbers fall far apart. */
function hash(text: string, seed: number): number {
  let h = seed;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
