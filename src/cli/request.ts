import type { Command } from "commander";
import { connect } from "./connect.ts";
import { CommandError } from "./failure.ts";
import { show } from "./output.ts";
import { readStandardInput } from "./read-document.ts";

/** `aqueduto request …`: what became of one call. */
export function addRequest(program: Command): void {
  const request = program
    .command("request")
    .description("one call at the gateway: explain, verify")
    .addHelpText("after", "\nExample:\n  aqueduto request explain req_01j8…");
  request
    .command("explain")
    .description("say how a call ended, which clause refused, and what to do")
    .argument("<request-id>", "id of the request, as in the header X-Request-Id and in the error")
    .addHelpText("after", "\nExample:\n  aqueduto request explain req_01j8…")
    .action(explain);
  request
    .command("verify")
    .description("say whether an error that somebody pasted is one of this platform's; it is read from standard input")
    .addHelpText("after", "\nExample:\n  aqueduto request verify < error.json")
    .action(verify);
}

async function explain(id: string, _options: object, command: Command): Promise<void> {
  const api = await connect(command);
  const one = await api.call("GET /v1/requests/{request_id}/explain", { params: { request_id: id } });
  const license = one.license_id === null ? "" : `  license ${one.license_id} version ${one.license_version ?? "?"}`;
  show(command, one, () => [
    `${one.at}  ${one.method} ${one.route}  ${one.status} ${one.code}${one.clause === null ? "" : `  clause ${one.clause}`}${license}`,
    `en     ${one.says.en.what} ${one.says.en.todo}`,
    `pt-BR  ${one.says["pt-BR"].what} ${one.says["pt-BR"].todo}`,
    ...(one.aborted ? ["The answer did not reach the caller whole."] : []),
  ]);
}

async function verify(_options: object, command: Command): Promise<void> {
  const error = parse(await readStandardInput("the error, as JSON"));
  const api = await connect(command);
  const verdict = await api.call("POST /v1/requests/verify", { body: error });
  show(command, verdict, () => [
    verdict.genuine
      ? `genuine: this platform answered it to a call of ${verdict.at ?? "?"}`
      : "not genuine: this platform did not answer it, or it was changed since",
  ]);
}

type Pasted = { request_id: string; status: number; code: string; clause?: string; proof: string };

function parse(text: string): Pasted {
  try {
    const value: unknown = JSON.parse(text);
    if (isPasted(value)) {
      const { request_id, status, code, clause, proof } = value;
      return { request_id, status, code, proof, ...(clause === undefined ? {} : { clause }) };
    }
  } catch {
    // said below
  }
  throw new CommandError("expected the whole error as JSON, with its members request_id, status, code and proof", { usage: true });
}

function isPasted(value: unknown): value is Pasted {
  if (typeof value !== "object" || value === null) return false;
  const { request_id, status, code, clause, proof }: Record<string, unknown> = { ...value };
  const texts = [request_id, code, proof, clause ?? ""];
  return typeof status === "number" && texts.every((part) => typeof part === "string");
}
