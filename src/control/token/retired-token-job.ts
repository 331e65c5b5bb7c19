import type { Log } from "../../platform/log.ts";
import { errorCode } from "../../platform/error-code.ts";
import { type ActionContext, systemContext } from "../context.ts";
import { endRetiredTokens } from "./end-retired.ts";

const everyMs = 10_000;

/** Writes down, each 10 s, which overlaps are over. A store that is away is asked again at the next turn. */
export function startRetiredTokenJob(deps: Pick<ActionContext, "db" | "clock" | "keyring">, log: Log): { stop(): Promise<void> } {
  const ctx = systemContext(deps, "", "end-retired-tokens");
  let running: Promise<void> = Promise.resolve();
  const turn = async (): Promise<void> => {
    try {
      await endRetiredTokens(ctx);
    } catch (error) {
      log.warn({ code: errorCode(error) }, "retired tokens could not be ended; tried again in 10 s");
    }
  };
  const timer = setInterval(() => {
    running = running.then(turn);
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
