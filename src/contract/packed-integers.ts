/**
 * Ascending whole numbers from 1 to 2^31 - 1 in few bytes: each is written as its difference to the one before, in
 * base-128 groups, low group first, the top bit of a byte set when another follows. Dense lists take about a byte a number.
 */
export function packIntegers(ascending: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  let last = 0;
  for (const value of ascending) {
    let rest = value - last;
    if (!Number.isSafeInteger(value) || rest < 1 || value > maxPacked)
      throw new RangeError("ascending numbers from 1 to 2^31 - 1 are expected");
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    bytes.push(rest);
    last = value;
  }
  return Uint8Array.from(bytes);
}

export const maxPacked = 2_147_483_647;

/** The numbers that packIntegers wrote. Throws RangeError for bytes that it cannot have written. */
export function unpackIntegers(bytes: Uint8Array): Int32Array {
  const found = new Int32Array(countOf(bytes));
  let [last, rest, weight, index] = [0, 0, 1, 0];
  for (const byte of bytes) {
    rest += (byte % 128) * weight;
    weight *= 128;
    if (byte < 128) {
      last += rest;
      if (rest < 1 || last > maxPacked) throw new RangeError("these bytes are no packed numbers");
      found[index] = last;
      [rest, weight, index] = [0, 1, index + 1];
    } else if (weight > maxPacked) throw new RangeError("these bytes are no packed numbers");
  }
  return found;
}

function countOf(bytes: Uint8Array): number {
  const last = bytes.at(-1);
  if (last !== undefined && last >= 128) throw new RangeError("the last number is cut off");
  return bytes.reduce((sum, byte) => (byte < 128 ? sum + 1 : sum), 0);
}

/** Whether an ascending list holds a number. */
export function holdsInteger(ascending: Int32Array, value: number): boolean {
  let [low, high] = [0, ascending.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = ascending[middle] ?? 0;
    if (found === value) return true;
    if (found < value) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}
