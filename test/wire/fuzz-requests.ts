import { connect } from "node:net";
import type { EngineName } from "../../src/gateway/engine.ts";
import { startTestGateway } from "../../src/gateway/testing/test-gateway.ts";
import { licenseRow, makeToken, policyRows, tokenRow } from "../../src/gateway/testing/test-policy.ts";
import { mutate } from "./mutate.ts";
import { Random } from "./random.ts";
import { startRecordingUpstream } from "./recording-upstream.ts";
import { requests, smuggledRequest } from "./request-grammar.ts";
import { readAnswers, readRequests, type StrictMessage } from "./strict-reader.ts";

export type FuzzResult = { cases: number; forwarded: number; refused: number; faults: string[] };

const atOnce = 32;

/**
 * Sends seeded connections of one to three requests, mutated or not, and compares what the second reader makes of the
 * bytes with what the upstream received: every request that was forwarded is one that a strict reader reads in the same
 * bytes, with the same object, once and in order; behind bytes that are no request nothing is forwarded; the answers
 * are as many as requests, and strict themselves.
 */
export async function fuzzRequests(options: { engine: EngineName; seed: number; goOn(done: number): boolean }): Promise<FuzzResult> {
  const token = makeToken();
  await using upstream = await startRecordingUpstream(answerFor);
  const licenses = [licenseRow({ rate_per_second: "100000", burst: 1_000_000 })];
  await using gateway = await startTestGateway(policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)], licenses }), {
    engine: options.engine,
    transport: { headersTimeoutMs: 100, requestTimeoutMs: 100, keepAliveTimeoutMs: 100 },
  });
  const result: FuzzResult = { cases: 0, forwarded: 0, refused: 0, faults: [] };
  const meant = new Map<string, number>();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (options.goOn(next)) {
      const seed = options.seed + next;
      // ten objects for each case: what was forwarded names the case it came from
      const object = 1 + (next % 99_999_990) * 10;
      next += 1;
      const random = new Random(seed);
      const authorization = `Bearer ${token}`;
      const sent = mutate(requests(random, authorization, object), random, smuggledRequest(authorization, object + 9));
      for (const message of readRequests(sent).complete) count(meant, objectOf(message), 1);
      judge(`seed ${seed}`, { sent, got: await exchange(gateway.port, sent, random) }, result);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  for (const text of upstream.broken) result.faults.push(`the upstream was sent what is no request: ${JSON.stringify(text)}`);
  for (const message of upstream.requests) {
    if (count(meant, objectOf(message), -1) < 0)
      result.faults.push(`forwarded, though no strict reader sees it in what was sent: ${JSON.stringify(message)}`);
  }
  return result;
}

/** Adds to a counter and gives it. */
function count(counters: Map<string, number>, name: string, by: number): number {
  const value = (counters.get(name) ?? 0) + by;
  counters.set(name, value);
  return value;
}

/** The answer that the gateway passes on: about the object that was asked for. */
function answerFor({ first, body }: StrictMessage): string {
  const number = /\/v1\/properties\/([0-9]+)/.exec(first)?.[1];
  const text = number === undefined ? `{"property":${JSON.stringify(propertyOf(body))}}` : `{"matricula":"${number}"}`;
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}

function propertyOf(body: string): string {
  return (JSON.parse(body) as { property: string }).property;
}

/** Sends in one or several pieces and gives all that comes back until the gateway closes. */
function exchange(port: number, text: string, random: Random): Promise<string> {
  const cut = random.chance(1, 2) ? random.below(text.length + 1) : text.length;
  return new Promise((resolve) => {
    let got = "";
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(text.slice(0, cut), "latin1");
      if (cut < text.length) setImmediate(() => socket.write(text.slice(cut), "latin1"));
    });
    socket.on("data", (chunk: Buffer) => {
      got += chunk.toString("latin1");
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(got));
  });
}

/** Name of the object that a request is about; each case has its own. */
function objectOf({ first, body }: StrictMessage): string {
  const inPath = /^GET \/v1\/properties\/([0-9]+)(\?| )/.exec(first)?.[1];
  const inBody = first.startsWith("POST /v1/requests ") ? /"property":"([0-9]+)"/.exec(body)?.[1] : undefined;
  return inPath ?? inBody ?? "";
}

function judge(name: string, { sent, got }: { sent: string; got: string }, result: FuzzResult): void {
  result.cases += 1;
  const read = readRequests(sent);
  const fault = (what: string): void => {
    result.faults.push(`${name}: ${what}\nsent ${JSON.stringify(sent)}\ngot ${JSON.stringify(got)}`);
  };
  const methods = [...read.complete.map(({ first }) => first.split(" ")[0] ?? ""), "*"];
  const answers = readAnswers(got, methods, true);
  if (answers.end !== "clean") fault("the answers are not what a strict reader reads");
  const statuses = answers.complete.map(({ first }) => Number(first.slice(9, 12))).filter((status) => status >= 200);
  const good = statuses.filter((status) => status < 300).length;
  if (good > read.complete.length) fault("more good answers than requests");
  if (statuses.length > read.complete.length + (read.end === "clean" ? 0 : 1)) fault("more answers than requests");
  result.forwarded += good;
  result.refused += statuses.length - good;
}
