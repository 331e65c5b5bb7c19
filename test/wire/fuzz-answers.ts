import { createServer, type AddressInfo, type Server } from "node:net";
import type { EngineName } from "../../src/gateway/engine.ts";
import { startTestGateway } from "../../src/gateway/testing/test-gateway.ts";
import { licenseRow, makeToken, policyRows, tokenRow } from "../../src/gateway/testing/test-policy.ts";
import type { FuzzResult } from "./fuzz-requests.ts";
import { mutate } from "./mutate.ts";
import { Random } from "./random.ts";
import { chunked } from "./request-grammar.ts";
import { readAnswers } from "./strict-reader.ts";

/**
 * A service whose answers are mutated, one case a connection. What the gateway passes on as good, a second, strict
 * reader reads as one answer in the same bytes, with the same document; everything else is a 502 or 504 of the gateway.
 */
export async function fuzzAnswers(options: { engine: EngineName; seed: number; goOn(done: number): boolean }): Promise<FuzzResult> {
  const token = makeToken();
  const said = new Map<string, string>();
  const server = await startLiar((object) => said.get(object) ?? "");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const licenses = [licenseRow({ rate_per_second: "100000", burst: 1_000_000 })];
  // a breaker that broken answers hardly open, and no retries: each case is one exchange
  const target_settings = { min_calls: 100_000, failures_in_row: 1_000, retry_ratio: 0, retries_per_second: 0 };
  const rows = policyRows({ sandbox: url }, { tokens: [tokenRow(token)], licenses });
  const services = rows.services.map((service) => ({ ...service, target_settings }));
  await using gateway = await startTestGateway({ ...rows, services }, { engine: options.engine });
  const result: FuzzResult = { cases: 0, forwarded: 0, refused: 0, faults: [] };
  for (let at = 0; options.goOn(at); at += 1) {
    const object = String(1 + at);
    const random = new Random(options.seed + at);
    const text = mutate(answer(random, object), random, smuggledAnswer(object));
    said.set(object, text);
    const reply = await gateway.call("GET", `/v1/properties/${object}`, { token });
    judge(`seed ${options.seed + at}`, { text, reply, object }, result);
    said.delete(object);
  }
  await new Promise((resolve) => server.close(resolve));
  return result;
}

/** Answers each connection once, with the case's bytes, and ends it. */
async function startLiar(answerTo: (object: string) => string): Promise<Server> {
  const server = createServer((socket) => {
    let head = "";
    socket.on("data", (chunk) => {
      head += chunk.toString("latin1");
      const object = /^GET \/v1\/properties\/([0-9]+) [^]*\r\n\r\n$/.exec(head)?.[1];
      if (object === undefined) return;
      head = "";
      socket.end(answerTo(object), "latin1");
    });
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const documentOf = (object: string): string => `{"matricula":"${object}","status":"ok"}`;

function answer(random: Random, object: string): string {
  const body = documentOf(object);
  const early = random.chance(1, 8) ? "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" : "";
  const head = `${early}HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n`;
  if (random.chance(1, 3)) return `${head}Transfer-Encoding: chunked\r\n\r\n${chunked(body, random)}`;
  if (random.chance(1, 6)) return `${head}\r\n${body}`;
  return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** An answer to nobody's request, which must never become one. */
function smuggledAnswer(object: string): string {
  const body = documentOf(object).replace("ok", "smuggled");
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

type Case = { text: string; reply: { status: number; body: string }; object: string };

function judge(name: string, { text, reply }: Case, result: FuzzResult): void {
  result.cases += 1;
  const fault = (what: string): void => {
    result.faults.push(`${name}: ${what}\nsent ${JSON.stringify(text)}\ngot ${reply.status} ${reply.body}`);
  };
  if (reply.status >= 500) {
    result.refused += 1;
    return;
  }
  if (reply.status !== 200) {
    // a status that the service said, as the gateway maps it
    if (!/HTTP\/1\.[01] [1-5][0-9]{2}/.test(text)) fault("a status that nobody said");
    return;
  }
  result.forwarded += 1;
  const { complete, end } = readAnswers(text, ["GET"], true);
  const last = complete.at(-1);
  if (last === undefined || (end !== "clean" && end !== "partial")) fault("passed on, though no strict reader reads it");
  else if (!isSame(last.body, reply.body)) fault("another document than a strict reader reads");
}

/** Whether the fields that the license shows are those of the document. */
function isSame(said: string, shown: string): boolean {
  try {
    const [a, b] = [JSON.parse(said) as Record<string, unknown>, JSON.parse(shown) as Record<string, unknown>];
    return Object.entries(b).every(([name, value]) => a[name] === value);
  } catch {
    return false;
  }
}
