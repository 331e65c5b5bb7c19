import type { Grant } from "../policy/snapshot.ts";
import { Refusal } from "../refusal.ts";
import type { CheckedAnswer } from "./check-answer.ts";

/** Step 8, the projection: only what the license shows of the document is left. */
export function projectAnswer(answer: CheckedAnswer, grant: Grant): { status: number; body: Buffer | undefined } {
  if (answer.document === undefined) return { status: answer.status, body: undefined };
  const shown = grant.project()(answer.document);
  if (shown === undefined)
    throw new Refusal("upstream-failed", {
      clause: "answer-schema",
      detail: "The service answered in another form than the operation's schema.",
    });
  return { status: answer.status, body: Buffer.from(shown) };
}
