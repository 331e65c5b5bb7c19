/** An object or list that is open where the pass is; `at` is the member's name or the item's index. */
type Level = { names: Set<string>; at: string | number; awaitsName: boolean };

/**
 * Path of the first object member that stands twice (of its names and list indexes), or undefined: parsers disagree on which
 * one holds. `text` is JSON that a parser accepted. One pass over the text; names are compared as what they mean, so that
 * `"\u0061"` is `"a"`.
 */
export function duplicateMember(text: string): (string | number)[] | undefined {
  const levels: Level[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character !== '"') {
      move(levels, character);
      continue;
    }
    const end = endOfString(text, at);
    const level = levels.at(-1);
    if (level?.awaitsName === true && !takeName(level, text.slice(at, end + 1))) return levels.map((one) => one.at);
    at = end;
  }
  return undefined;
}

function move(levels: Level[], character: string): void {
  if (character === "{") levels.push({ names: new Set(), at: "", awaitsName: true });
  else if (character === "[") levels.push({ names: new Set(), at: 0, awaitsName: false });
  else if (character === "}" || character === "]") levels.pop();
  else if (character === ",") nextMember(levels.at(-1));
}

function nextMember(level: Level | undefined): void {
  if (typeof level?.at === "number") level.at += 1;
  else if (level !== undefined) level.awaitsName = true;
}

/** Whether the object had no such name yet. */
function takeName(level: Level, quoted: string): boolean {
  const name = String(JSON.parse(quoted));
  const isNew = !level.names.has(name);
  level.names.add(name);
  level.at = name;
  level.awaitsName = false;
  return isNew;
}

/** Where the string that begins at `start` has its closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}
