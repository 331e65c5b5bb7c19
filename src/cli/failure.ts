import { CommanderError } from "commander";
import { ApiError } from "../contract/client.ts";

/** A failure the person can act on; `usage` when the command itself was called wrongly. */
export class CommandError extends Error {
  readonly usage: boolean;

  constructor(message: string, more: { usage?: boolean; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = "CommandError";
    this.usage = more.usage ?? false;
  }
}

export type Failure = { message: string; code?: string; pointer?: string; requestId?: string; usage?: boolean };

/** What the command says of an error: the problem's own words, or that nothing answered. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ApiError) return problemFailure(error);
  if (error instanceof CommanderError) return { message: usageMessage(error), usage: true };
  if (error instanceof CommandError) return { message: error.message, ...(error.usage ? { usage: true } : {}) };
  if (error instanceof Error && error.name === "ConfigError") return { message: error.message, usage: true };
  if (error instanceof TypeError && error.cause instanceof Error)
    return { message: `the admin API does not answer (${error.cause.message || "no connection"}); is the platform running? npm start` };
  return { message: error instanceof Error ? error.message : String(error) };
}

function usageMessage(error: CommanderError): string {
  return error.code === "commander.help" ? "a command is missing; --help shows them" : error.message.replace(/^error: /, "");
}

function problemFailure({ problem }: ApiError): Failure {
  const where = problem.pointer === undefined ? "" : ` at ${problem.pointer}`;
  const request = problem.request_id === "" ? "" : ` (request ${problem.request_id})`;
  const detail = problem.detail === undefined || problem.detail === problem.title ? "" : `: ${problem.detail}`;
  return {
    message: `${problem.title}${detail}${where}${request}${hintOf(problem)}`,
    code: problem.code,
    requestId: problem.request_id,
    ...(problem.pointer === undefined ? {} : { pointer: problem.pointer }),
  };
}

/** What to do next, where the command knows it. */
function hintOf(problem: ApiError["problem"]): string {
  if (problem.code === "second-factor-required") return "; give it again with aqueduto account confirm, then repeat this";
  if (problem.code === "unauthorized") return "; the key of --key-file has ended, or sign in again with aqueduto sign-in";
  const forPeople = problem.code === "forbidden" && problem.detail?.includes("signed-in person") === true;
  return forPeople ? "; sign in with aqueduto sign-in, then repeat this with --as-me" : "";
}
