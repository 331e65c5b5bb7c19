import { formatToken, type TokenMode } from "../../contract/token-format.ts";
import type { Keyring } from "../../platform/keyring.ts";
import { tokenDigest } from "../../platform/token-digest.ts";
import { randomBase62 } from "../random-text.ts";

/** A new token: its text, to be shown once, and the columns that stand for it. */
export function makeToken(
  keyring: Keyring,
  mode: TokenMode,
): { text: string; columns: { digest: Buffer; pepper_id: string; hint: string } } {
  const text = formatToken(mode, randomBase62(32));
  const { pepper } = keyring;
  return { text, columns: { digest: tokenDigest(pepper.key, text), pepper_id: pepper.kid, hint: text.slice(-4) } };
}
