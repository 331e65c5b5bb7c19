/** An audit entry with its instant as RFC 3339 text. */
export function entryOf<T extends { at: Date }>(entry: T): Omit<T, "at"> & { at: string } {
  return { ...entry, at: entry.at.toISOString() };
}
