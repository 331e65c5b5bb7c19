/** The words of a text, at least one. */
export function words(text: string): readonly [string, ...string[]] {
  const [first = "", ...rest] = text.trim().split(/\s+/);
  return [first, ...rest];
}
