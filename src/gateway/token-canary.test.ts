import { inspect } from "node:util";
import { expect, test } from "vitest";
import type { Inbound } from "./http/transport.ts";
import { startTransport } from "./http/transport.ts";
import { createPipeline } from "./pipeline.ts";
import type { RawRequest } from "./validation/request-contract.ts";
import { sendJson, startTestGateway, startUpstream } from "./testing/test-gateway.ts";
import { makeToken, policyRows, tokenRow } from "./testing/test-policy.ts";

/** Everything reachable from a value, accessors and hidden properties included, as text. */
function everything(value: unknown): string {
  return inspect(value, { depth: Infinity, showHidden: true, getters: true, maxArrayLength: null, maxStringLength: null });
}

/** Finds a token also when it is escaped, encoded, or cut after its random part. */
function holds(text: string, token: string): boolean {
  const forms = [token, token.slice(8, 40), Buffer.from(token).toString("base64").slice(0, 40), Buffer.from(token).toString("hex")];
  return forms.some((form) => text.includes(form));
}

test("a token is found in no byte the upstream got, in no record, in nothing a later step holds", async () => {
  const tokens = Array.from({ length: 40 }, () => makeToken());
  await using upstream = await startUpstream((_request, response) => sendJson(response, 200, '{"matricula":"1"}'));
  await using gateway = await startTestGateway(
    policyRows({ sandbox: upstream.url }, { tokens: tokens.slice(0, 1).map((token) => tokenRow(token)) }),
  );
  const held: string[] = [];
  const watched: typeof gateway.parts = {
    ...gateway.parts,
    policy() {
      const snapshot = gateway.parts.policy();
      held.push(everything(snapshot));
      return snapshot;
    },
    audit: {
      ...gateway.parts.audit,
      async answered(call, outcome) {
        held.push(everything(call));
        return gateway.parts.audit.answered(call, outcome);
      },
    },
    upstream: {
      ...gateway.parts.upstream,
      send(group, request) {
        held.push(everything([group, request]));
        return gateway.parts.upstream.send(group, request);
      },
    },
  };
  const handlers = createPipeline(watched);
  const inbounds: Inbound[] = [];
  const transport = await startTransport(
    { host: "127.0.0.1", port: 0 },
    {
      ...handlers,
      request(inbound, authorization) {
        inbounds.push(inbound);
        held.push(everything(inbound));
        return handlers.request(inbound, authorization);
      },
    },
  );
  const call = (token: string, more: string[] = []): Promise<string> =>
    fetchRaw(
      transport.port,
      [`GET /v1/properties/1 HTTP/1.1`, "Host: gateway", `Authorization: Bearer ${token}`, ...more, "Connection: close", "", ""].join(
        "\r\n",
      ),
    );
  const answers = [];
  for (const token of tokens)
    answers.push(await call(token, [`Cookie: t=${token}`, `X-Api-Key: ${token}`, `Proxy-Authorization: Bearer ${token}`]));
  await transport.drain(1_000);
  expect(answers.filter((text) => text.startsWith("HTTP/1.1 200"))).toHaveLength(1);
  expect(answers.filter((text) => text.startsWith("HTTP/1.1 401"))).toHaveLength(39);
  expect(inbounds).toHaveLength(40);
  const places = { upstream: upstream.bytes(), records: everything(gateway.records), held: held.join("\n"), answers: answers.join("\n") };
  for (const [place, text] of Object.entries(places)) {
    expect({ place, long: text.length > 500, found: tokens.filter((token) => holds(text, token)).length }).toEqual({
      place,
      long: true,
      found: 0,
    });
  }
});

test("the scan finds a planted token in each form", () => {
  const token = makeToken();
  const planted: RawRequest & { hidden?: unknown } = { values: [], query: "", body: undefined, refs: undefined };
  Object.defineProperty(planted, "hidden", { value: { deep: [{ deeper: `x${token}y` }] }, enumerable: false });
  expect(holds(everything(planted), token)).toBe(true);
  expect(holds(Buffer.from(token).toString("base64"), token)).toBe(true);
  expect(holds(everything({ other: makeToken() }), token)).toBe(false);
});

async function fetchRaw(port: number, bytes: string): Promise<string> {
  const { connect } = await import("node:net");
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
    });
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}
