import { fault, isObject, type Place } from "./json-document.ts";

const maxDepth = 64;
const maxNodes = 200_000;

/**
 * Refuses (`invalid-field`) a document that later steps could not walk or store: nested deeper than 64, more than
 * 200,000 values, or text that PostgreSQL's jsonb cannot hold (NUL, lone surrogates). Walks without recursion.
 */
export function checkDocument(document: unknown): void {
  const open: (Place & { depth: number })[] = [{ value: document, pointer: "", depth: 0 }];
  let nodes = 0;
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    nodes += 1;
    if (nodes > maxNodes) fault(place, "the document holds too many values");
    if (place.depth > maxDepth) fault(place, "the document is nested too deeply");
    if (typeof place.value === "string") checkText(place, place.value);
    for (const [name, value] of membersOf(place.value)) {
      checkText(place, name);
      const pointer = `${place.pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      open.push({ value, pointer, depth: place.depth + 1 });
    }
  }
}

function membersOf(value: unknown): [name: string, value: unknown][] {
  if (Array.isArray(value)) return value.map((item: unknown, index) => [String(index), item]);
  return isObject(value) ? Object.entries(value) : [];
}

function checkText(place: Place, text: string): void {
  if (text.includes("\0") || !text.isWellFormed()) fault(place, "text with NUL or half a character cannot be stored");
}
