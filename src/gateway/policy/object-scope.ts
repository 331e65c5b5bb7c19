import { holdsInteger, unpackIntegers } from "../../contract/packed-integers.ts";
import type { PlaceKind } from "../../contract/object-targets.ts";
import type { ObjectRow } from "./policy-rows.ts";

/** The objects that a license reaches. What is not stated does not bind. */
export type ObjectScope = {
  /** Whether a property's number is in the list or a range; undefined = numbers are not stated. */
  holdsNumber: ((matricula: number) => boolean) | undefined;
  /** Municipalities and localities by GSAN's ids; undefined = places are not stated. */
  places: Readonly<Record<PlaceKind, ReadonlySet<number>>> | undefined;
};

/** Compiles a scope; bytes that are no list of numbers hold nothing, so that what cannot be read grants nothing. */
export function compileScope(row: ObjectRow): ObjectScope {
  return { holdsNumber: numberTest(row), places: placesOf(row) };
}

function numberTest({ matriculas, ranges }: ObjectRow): ObjectScope["holdsNumber"] {
  if (matriculas === null && ranges.length === 0) return undefined;
  const list = matriculas === null ? new Int32Array() : readList(matriculas);
  const pairs = ranges.flatMap((from, index) => (index % 2 === 0 ? [[from, ranges[index + 1] ?? 0] as const] : []));
  return (value) => holdsInteger(list, value) || pairs.some(([from, to]) => from <= value && value <= to);
}

function readList(bytes: Buffer): Int32Array {
  try {
    return unpackIntegers(bytes);
  } catch {
    return new Int32Array();
  }
}

function placesOf({ municipalities, localities }: ObjectRow): ObjectScope["places"] {
  if (municipalities.length + localities.length === 0) return undefined;
  return { municipality: new Set(municipalities), locality: new Set(localities) };
}
