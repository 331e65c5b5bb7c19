import { setTimeout as pause } from "node:timers/promises";
import type { RoleReadiness } from "../contract/status.ts";

type Readiness = Omit<RoleReadiness, "role">;

/** The parts of a process that have to serve, each with the question whether it does. */
export class RoleBoard {
  readonly #roles = new Map<string, () => Readiness>();

  add(role: string, readiness: () => Readiness): void {
    this.#roles.set(role, readiness);
  }

  list(): RoleReadiness[] {
    return [...this.#roles].map(([role, readiness]) => ({ role, ...readiness() }));
  }

  /** Resolves once all serve. Throws after `withinMs`, naming those that do not, and what `stopping` was aborted with. */
  async untilReady(stopping: AbortSignal, withinMs: number): Promise<void> {
    const end = performance.now() + withinMs;
    for (;;) {
      stopping.throwIfAborted();
      const waiting = this.list().filter((one) => !one.ready);
      if (waiting.length === 0) return;
      if (performance.now() > end) {
        const names = waiting.map((one) => `${one.role} (${one.reason ?? "?"})`);
        throw new Error(`not ready after ${withinMs / 1000} s: ${names.join(", ")}`);
      }
      await pause(20);
    }
  }
}
