import type { Log } from "../../platform/log.ts";
import { startRepeating } from "../../platform/repeat.ts";
import { type ActionContext, systemContext } from "../context.ts";
import { endRetiredTokens } from "./end-retired.ts";

const everyMs = 10_000;

/** Writes down, each 10 s, which overlaps are over. A store that is away is asked again at the next turn. */
export function startRetiredTokenJob(deps: Pick<ActionContext, "db" | "clock" | "keyring">, log: Log): { stop(): Promise<void> } {
  const ctx = systemContext(deps, "", "end-retired-tokens");
  return startRepeating({
    everyMs,
    turn: () => endRetiredTokens(ctx),
    failed: "retired tokens could not be ended; tried again in 10 s",
    log,
  });
}
