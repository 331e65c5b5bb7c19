import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Command } from "commander";
import { Webhook } from "standardwebhooks";
import { CommandError } from "./failure.ts";
import { wholeNumber } from "./whole-number.ts";

type ListenOptions = { port: string; secretFile: string };

const bodyLimit = 8 * 1024 * 1024;

/** `aqueduto listen`: a local receiver that verifies what arrives and prints it. */
export function addListen(program: Command): void {
  program
    .command("listen")
    .description("receive webhooks here: verify the signature, answer challenges, print")
    .requiredOption("--secret-file <file>", "file with the webhook's secret (whsec_…)")
    .option("--port <n>", "port on 127.0.0.1; 0 = a free one", "0")
    .addHelpText("after", "\nExample:\n  aqueduto listen --port 9000 --secret-file ./secret")
    .action((options: ListenOptions, command: Command) => listen(options, command));
}

async function listen(options: ListenOptions, command: Command): Promise<void> {
  const port = wholeNumber(options.port, { option: "--port", from: 0, to: 65_535 });
  const verifier = await readVerifier(options.secretFile);
  const json = command.optsWithGlobals<{ json?: boolean }>().json === true;
  const server = createServer((request, response) => {
    // a sender that hangs up half way, or a body that is no JSON, ends its own request alone
    receive(request, response, { verifier, json }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  process.stderr.write(`listening on http://127.0.0.1:${portOf(server.address())} (Ctrl-C ends)\n`);
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, resolve);
  });
  server.closeAllConnections();
  server.close();
}

function portOf(address: string | AddressInfo | null): number {
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function readVerifier(file: string): Promise<Webhook> {
  try {
    return new Webhook((await readFile(file, "utf8")).trim());
  } catch (cause) {
    throw new CommandError(`no webhook secret in ${file}; it is the whsec_… that \`aqueduto webhook add\` showed`, { cause });
  }
}

async function receive(request: IncomingMessage, response: ServerResponse, mode: { verifier: Webhook; json: boolean }): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) return void response.writeHead(413).end();
  const verified = verifies(mode.verifier, body, request);
  print(
    { "webhook-id": request.headers["webhook-id"], "aqueduto-sequence": request.headers["aqueduto-sequence"], verified, body },
    mode.json,
  );
  if (!verified) return void response.writeHead(401).end();
  const challenge = challengeOf(body);
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(challenge === undefined ? {} : { challenge }));
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function verifies(verifier: Webhook, body: string, request: IncomingMessage): boolean {
  const header = (name: string) => String(request.headers[name] ?? "");
  try {
    verifier.verify(body, {
      "webhook-id": header("webhook-id"),
      "webhook-timestamp": header("webhook-timestamp"),
      "webhook-signature": header("webhook-signature"),
    });
    return true;
  } catch {
    return false;
  }
}

/** The challenge of a verification request, to be given back in the answer. Throws SyntaxError when the body is no JSON. */
function challengeOf(body: string): string | undefined {
  const value = JSON.parse(body) as { "webhook-verification"?: ({ challenge?: string } | undefined)[] } | null;
  return value?.["webhook-verification"]?.[0]?.challenge;
}

function print(received: { verified: boolean; body: string } & Record<string, unknown>, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify(received)}\n`);
  else process.stdout.write(`${received.verified ? "verified  " : "NOT VALID "} ${String(received["webhook-id"])}  ${received.body}\n`);
}
