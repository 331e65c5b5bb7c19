import { ByteColumn } from "./byte-column.ts";
import { GrowingIndex } from "./growing-index.ts";
import { hashId, IdColumn } from "./id-column.ts";
import { instantOf, NumberColumn } from "./number-column.ts";
import type { TokenPage, TokenRow } from "./policy-rows.ts";

const states: readonly TokenRow["state"][] = ["ended", "retiring", "live"];
const letters = states.map((state) => state.charAt(0));
const digestBytes = 32;

/** Tokens of all tenants, some 110 bytes each, outside the heap: found by digest, written by id, the newest row wins. */
export class TokenTable {
  readonly #digests = new ByteColumn(digestBytes);
  readonly #ids = new IdColumn();
  readonly #access = new NumberColumn((length) => new Int32Array(length));
  readonly #state = new NumberColumn((length) => new Uint8Array(length));
  readonly #expires = new NumberColumn((length) => new Float64Array(length));
  readonly #retiring = new NumberColumn((length) => new Float64Array(length));
  readonly #byDigest = new GrowingIndex((ordinal) => this.#hashOf(ordinal));
  readonly #byId = new GrowingIndex((ordinal) => this.#ids.hash(ordinal, 0));
  #size = 0;

  /** Makes room for so many tokens while there is none. */
  reserve(expected: number): void {
    this.#byDigest.reserve(expected);
    this.#byId.reserve(expected);
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Adds or replaces a token of an access. A token whose digest is made anew (under another pepper) is found by the new
   * one alone: nothing is left behind that a later end of the token would not reach.
   */
  put(row: TokenRow, access: number): void {
    const { digest } = row;
    const known = this.#byId.find(hashId(row.token_id, 0), (at) => this.#access.get(at) === access && this.#ids.equals(at, row.token_id));
    const ordinal = known < 0 ? this.#append(row.token_id, access) : known;
    if (known < 0 || !this.#digests.startsWith(ordinal, digest.toString("latin1"))) {
      this.#digests.write(ordinal, digest);
      this.#byDigest.add(this.#hashOf(ordinal), ordinal);
    }
    this.#state.set(ordinal, states.indexOf(row.state));
    this.#expires.set(ordinal, row.expires_at?.getTime() ?? Number.POSITIVE_INFINITY);
    this.#retiring.set(ordinal, row.retiring_until?.getTime() ?? Number.POSITIVE_INFINITY);
  }

  /** Adds row `at` of a first load, which brings each token once. */
  addFrom(page: TokenPage, at: number, access: number): void {
    const ordinal = this.#append(page.tokenIds[at] ?? "", access);
    this.#digests.copy(ordinal, page.digests, at * digestBytes);
    this.#byDigest.add(this.#hashOf(ordinal), ordinal);
    this.#state.set(ordinal, letters.indexOf(page.states.charAt(at)));
    this.#expires.set(ordinal, instantOf(page.expiries[at]));
    this.#retiring.set(ordinal, instantOf(page.retiring[at]));
  }

  /** The ordinal of the token with this digest (32 bytes as latin1 text); -1 for none. */
  find(digest: string): number {
    return digest.length === digestBytes ? this.#byDigest.find(hashDigest(digest), (at) => this.#digests.startsWith(at, digest)) : -1;
  }

  read(ordinal: number) {
    return {
      tokenId: this.#ids.read(ordinal),
      access: this.#access.get(ordinal),
      state: states[this.#state.get(ordinal)] ?? "ended",
      expiresAtMs: this.#expires.get(ordinal),
      retiringUntilMs: this.#retiring.get(ordinal),
    };
  }

  #hashOf(ordinal: number): number {
    const byte = (at: number): number => this.#digests.byte(ordinal, at);
    return (byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)) >>> 0;
  }

  #append(tokenId: string, access: number): number {
    const ordinal = this.#size;
    this.#size += 1;
    this.#ids.write(ordinal, tokenId);
    this.#access.set(ordinal, access);
    this.#byId.add(hashId(tokenId, 0), ordinal);
    return ordinal;
  }
}

/** A digest is an HMAC under a secret pepper: its first bytes are as good as any hash. */
function hashDigest(digest: string): number {
  return (digest.charCodeAt(0) | (digest.charCodeAt(1) << 8) | (digest.charCodeAt(2) << 16) | (digest.charCodeAt(3) << 24)) >>> 0;
}
