import type { Db } from "../db/database.ts";
import { platformTx } from "../db/tx.ts";
import type { Clock } from "../platform/clock.ts";
import { openSealed, type SealKeys } from "../platform/seal.ts";
import { Secret } from "../platform/secret.ts";
import { loadTargets } from "./load-targets.ts";
import { signingKey } from "./sign.ts";
import type { Target } from "./target.ts";

/** A NOTIFY that got lost is made up for within this time. */
const maxAgeMs = 1000;

export type TargetKey = { tenantId: string; webhookId: string };

/**
 * What the dispatcher knows of the webhooks it serves, at most a second old and dropped at once when the policy changes,
 * so that testing the license before every send costs no query of its own. Signing keys are opened once per sealed value.
 */
export class TargetCache {
  readonly #db: Db;
  readonly #keys: SealKeys;
  readonly #clock: Clock;
  readonly #targets = new Map<string, { target: Target | undefined; loadedAtMs: number }>();
  readonly #secrets = new Map<string, { sealed: Buffer; secret: Secret }>();

  constructor(db: Db, keys: SealKeys, clock: Clock) {
    this.#db = db;
    this.#keys = keys;
    this.#clock = clock;
  }

  /** Forgets what the policy said; called when NOTIFY tells of a new epoch. */
  invalidate(): void {
    this.#targets.clear();
  }

  /** Loads what is missing or old of these webhooks, in one query. */
  async refresh(keys: readonly TargetKey[]): Promise<void> {
    const stale = keys.filter((key) => this.#fresh(key) === undefined);
    if (stale.length === 0) return;
    const loadedAtMs = this.#clock.monotonicMs();
    const found = await platformTx(this.#db, (tx) => loadTargets(tx, stale));
    const byId = new Map(found.map((target) => [cacheKey(target), target]));
    for (const key of stale) this.#targets.set(cacheKey(key), { target: byId.get(cacheKey(key)), loadedAtMs });
  }

  /** The webhook as the policy has it now; undefined when it does not exist. Queries when what is known is too old. */
  async get(key: TargetKey): Promise<Target | undefined> {
    const known = this.#fresh(key);
    if (known !== undefined) return known.target;
    await this.refresh([key]);
    return this.#targets.get(cacheKey(key))?.target;
  }

  /** The HMAC key of a webhook. Throws when the sealed value does not open or is not a signing secret. */
  signingKey(target: Target): Buffer {
    const id = cacheKey(target);
    const known = this.#secrets.get(id);
    if (known !== undefined && known.sealed.equals(target.secretSealed)) return signingKey(known.secret);
    const secret = new Secret(openSealed(this.#keys, target.secretSealed, `webhook.secret:${target.webhookId}`).toString());
    this.#secrets.set(id, { sealed: target.secretSealed, secret });
    return signingKey(secret);
  }

  #fresh(key: TargetKey): { target: Target | undefined } | undefined {
    const known = this.#targets.get(cacheKey(key));
    return known !== undefined && this.#clock.monotonicMs() - known.loadedAtMs <= maxAgeMs ? known : undefined;
  }
}

function cacheKey(key: TargetKey): string {
  return `${key.tenantId}/${key.webhookId}`;
}
