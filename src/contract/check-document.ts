import { fault, isObject, type Place } from "./json-document.ts";

const maxDepth = 64;
const maxNodes = 200_000;

/**
 * Refuses (`invalid-field`) a document that later steps could not walk or store: nested deeper than 64, more than
 * 200,000 values, text that PostgreSQL's jsonb cannot hold (NUL, lone surrogates), or a member with the name of what every
 * JavaScript object has (`__proto__`, `constructor`), which a reader could take for that. Walks without recursion.
 */
export function checkDocument(document: unknown): void {
  const open: (Place & { depth: number })[] = [{ value: document, pointer: "", depth: 0 }];
  let nodes = 0;
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    nodes += 1;
    if (nodes > maxNodes) fault(place, `a document holds at most ${maxNodes} values`);
    if (place.depth > maxDepth) fault(place, `a document nests at most ${maxDepth} levels`);
    if (typeof place.value === "string") checkText(place, place.value);
    for (const [name, value] of membersOf(place.value)) {
      checkText(place, name);
      const pointer = `${place.pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      if (!Array.isArray(place.value)) checkName({ value, pointer }, name);
      open.push({ value, pointer, depth: place.depth + 1 });
    }
  }
}

function membersOf(value: unknown): [name: string, value: unknown][] {
  if (Array.isArray(value)) return value.map((item: unknown, index) => [String(index), item]);
  return isObject(value) ? Object.entries(value) : [];
}

/** Also of parameters, whose names are values. */
export function checkName(place: Place, name: string): void {
  if (name in Object.prototype) fault(place, `${name} is the name of something that every object has: choose another`);
}

function checkText(place: Place, text: string): void {
  if (text.includes("\0") || !text.isWellFormed()) fault(place, "text with NUL or half a character cannot be stored");
}
