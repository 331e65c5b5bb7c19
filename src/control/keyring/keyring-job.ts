import { readChecks } from "../../db/check-keys.ts";
import type { Db } from "../../db/database.ts";
import { errorCode } from "../../platform/error-code.ts";
import type { OpenKeyring } from "../../platform/keyring.ts";
import type { Log } from "../../platform/log.ts";
import { type ActionContext, systemContext } from "../context.ts";
import { purgeRequests } from "../idempotency/purge.ts";
import { closePeppers } from "./close-peppers.ts";
import { DigestRewriter } from "./digest-rewriter.ts";
import { promoteKeys } from "./promote.ts";
import { rehashPeople } from "./rehash-people.ts";
import { resealBatch } from "./reseal.ts";

const lookEveryMs = 2_000;
/** Each write to a policy table publishes a new policy, so rows are rewritten in turns. */
const workEveryTurns = 5;

export type KeyringJob = {
  rewriter: DigestRewriter;
  /** Why the keys that the database names cannot be read here; undefined = they can. */
  fault(): string | undefined;
  stop(): Promise<void>;
};

type Deps = Pick<ActionContext, "clock"> & { db: Db; keyring: OpenKeyring };

/**
 * Follows the keys that the database names (every 2 s) and brings rows under the live ones (every 10 s): promotes new keys,
 * seals and hashes anew, ends old peppers, forgets stored replies. Each step stands by itself and may run on every node.
 */
export function startKeyringJob(deps: Deps, log: Log): KeyringJob {
  const ctx = systemContext(deps, "", "keyring");
  const rewriter = new DigestRewriter(ctx);
  let running: Promise<void> = Promise.resolve();
  let fault: string | undefined;
  let turn = 0;
  const look = async (): Promise<void> => {
    fault = await faultOf(() => followKeys(deps));
    if (fault !== undefined) log.error({ code: "keyring", fault }, "the keys of the database cannot be read on this node");
    turn += 1;
    if (turn % workEveryTurns === 0) await work(ctx, rewriter, log);
  };
  const timer = setInterval(() => {
    running = running.then(look);
  }, lookEveryMs);
  return {
    rewriter,
    fault: () => fault,
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

/** Takes up the keys that the database names now. */
export async function followKeys({ db, keyring }: Pick<Deps, "db" | "keyring">): Promise<void> {
  const checks = await db.transaction().execute(readChecks);
  keyring.refresh(checks);
}

async function work(ctx: ActionContext, rewriter: DigestRewriter, log: Log): Promise<void> {
  const steps: Record<string, () => Promise<unknown>> = {
    promote: () => promoteKeys(ctx),
    reseal: async () => tellUnreadable(await resealBatch(ctx), log),
    rewrite: () => rewriter.flush(),
    rehash: async () => tellUnreadable(await rehashPeople(ctx), log),
    close: () => closePeppers(ctx),
    purge: () => purgeRequests(ctx.db, ctx.clock.now()),
  };
  for (const [step, run] of Object.entries(steps)) {
    try {
      await run();
    } catch (error) {
      log.warn({ step, code: errorCode(error) }, "a step of the keyring job failed; tried again in 10 s");
    }
  }
}

/** Names the rows, never what is in them. */
function tellUnreadable({ unreadable }: { unreadable: readonly string[] }, log: Log): void {
  if (unreadable.length === 0) return;
  const some = unreadable.slice(0, 20);
  log.error({ unreadable: some, count: unreadable.length }, "no key opens these values; they stay as they are: set them anew");
}

async function faultOf(step: () => Promise<void>): Promise<string | undefined> {
  try {
    await step();
    return undefined;
  } catch (error) {
    // the store being away is told by others; a KeyringError names the key and what to do
    return error instanceof Error && error.name === "KeyringError" ? error.message : undefined;
  }
}
