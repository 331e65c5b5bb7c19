import { PolicyStore } from "./policy-store.ts";
import { changeOf, type PolicyRows } from "./policy-rows.ts";
import type { CompileWith } from "./compile-licensing.ts";
import type { Snapshot } from "./snapshot.ts";

/** The policy of one epoch from all its rows, made at once. */
export function compileSnapshot(rows: PolicyRows, options: CompileWith): Snapshot {
  const steps = new PolicyStore(options).apply(changeOf(rows));
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
