/**
 * Tokens that were revoked on this node and are not known to have ended in the store yet. It only grows while the process
 * lives: what is in it has been fsynced in the journal, or has been read back from there at the start.
 */
export type RevokedHere = {
  has(tokenId: string): boolean;
  add(tokenId: string): void;
  /** Another number than before when one was added since: a call that began before then looks again. */
  mark(): number;
};

export function createRevokedHere(before: Iterable<string> = []): RevokedHere {
  const tokens = new Set(before);
  return {
    has: (tokenId) => tokens.size > 0 && tokens.has(tokenId),
    add: (tokenId) => void tokens.add(tokenId),
    mark: () => tokens.size,
  };
}
