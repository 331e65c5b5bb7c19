import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hostileFraming } from "./testing/hostile/hostile-framing.ts";
import { hostileFirstLines, hostileHeads } from "./testing/hostile/hostile-heads.ts";
import { head, token } from "./testing/hostile/hostile-request.ts";
import { hostileTargets } from "./testing/hostile/hostile-targets.ts";
import { idleTricks } from "./testing/hostile/idle-tricks.ts";
import { sendJson, startTestGateway, startUpstream, type TestGateway, type Upstream } from "./testing/test-gateway.ts";
import { credential, licenseRow, policyRows, tokenRow } from "./testing/test-policy.ts";

const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);

/** What the gateway says of itself to the service, whatever the caller says. */
const made = {
  authorization: `Bearer ${credential}`,
  "x-forwarded-for": "127.0.0.1",
  forwarded: "for=127.0.0.1",
  "aqueduto-identity": like(/^v1\./),
  "aqueduto-deadline-ms": "2000",
  "x-request-id": like(/^[0-9A-Za-z_]{20,}$/),
  traceparent: like(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
};
const randomNames = new Set(["aqueduto-identity", "traceparent", "x-request-id", "authorization"]);
const plainNames = new Set("host connection accept aqueduto-deadline-ms x-forwarded-for forwarded content-type content-length".split(" "));

describe.each(["wire", "node"] as const)("engine %s", (engine) => {
  let upstream: Upstream;
  let gateway: TestGateway;

  beforeAll(async () => {
    upstream = await startUpstream(({ method }, response) =>
      sendJson(response, 200, method === "GET" ? '{"matricula":"1"}' : '{"property":"1"}'),
    );
    // the clock stands still: the calls of all cases at once
    const licenses = [licenseRow({ burst: 10_000 })];
    gateway = await startTestGateway(policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)], licenses }), {
      engine,
      transport: { headersTimeoutMs: 300, requestTimeoutMs: 300 },
    });
  });

  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });

  const corpus = [...hostileFraming, ...hostileHeads, ...hostileTargets, ...(engine === "wire" ? hostileFirstLines : [])];

  test.each(corpus)("%s", async (_why, bytes, status) => {
    const before = upstream.received.length;
    const text = await gateway.raw(bytes);
    const answers = text.match(/^HTTP\/1\.1 \d{3}/gm) ?? [];
    // 100 is no answer yet
    expect(answers.filter((answer) => !answer.endsWith(" 100"))).toEqual([`HTTP/1.1 ${status}`]);
    expect(text).toMatch(/application\/problem\+json/);
    expect(text).toContain(`"status":${status},`);
    expect(text).toMatch(/^connection: close\r$/im);
    expect(text).not.toContain(token);
    expect(upstream.received.length).toBe(before);
  });

  test.each(idleTricks)("without effect: %s", async (_why, bytes, passed) => {
    const before = upstream.received.length;
    const text = await gateway.raw(bytes);
    expect(text.match(/^HTTP\/1\.1 \d{3}/gm)).toEqual(["HTTP/1.1 200"]);
    expect(text).toMatch(/^connection: close\r$/im);
    expect(upstream.received.length).toBe(before + 1);
    const { method, url, body, headers } = upstream.received[before] ?? { headers: {} };
    expect({ method, url, body }).toEqual(passed);
    expect(headers).toMatchObject({ ...made, host: upstream.url.slice("http://".length) });
    // what is left holds no random letters
    const plain = Object.entries(headers).filter(([name]) => !randomNames.has(name));
    expect(JSON.stringify(plain)).not.toMatch(/evil|6\.6\.6/i);
    expect(plain.filter(([name]) => !plainNames.has(name))).toEqual([]);
  });

  test("the same head without a trick is answered 200", async () => {
    expect(await gateway.raw(head("/v1/properties/1"))).toMatch(/^HTTP\/1\.1 200/);
  });

  test("every refusal of the corpus was recorded without the path or a token", () => {
    expect(gateway.records.length).toBeGreaterThan(10);
    const text = JSON.stringify(gateway.records);
    expect(text).not.toMatch(/aq_(live|test)_|secrets/);
  });
});
