import { Writable } from "node:stream";
import { pino } from "pino";
import { expect, test } from "vitest";
import { createMetrics } from "../../platform/metrics.ts";
import { createUpstreams } from "../upstream/upstreams.ts";
import { testCall } from "../testing/test-call.ts";
import { createTestClock, sendJson, startTestGateway, startUpstream } from "../testing/test-gateway.ts";
import { makeToken, policyRows, tokenRow } from "../testing/test-policy.ts";
import { createAccessLog } from "./access-log.ts";
import { observeCalls } from "./call-observer.ts";
import { countCalls } from "./count-calls.ts";
import { registerReadings } from "./node-readings.ts";

function lineSink(): { lines: string[]; stream: Writable } {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { lines, stream };
}

test("metrics and access log tell of a good call, a refused one and an unknown caller, and hold nothing personal", async () => {
  const token = makeToken();
  const metrics = createMetrics();
  const sink = lineSink();
  const observers = [countCalls(metrics), createAccessLog(pino({ level: "silent", base: null }, sink.stream))];
  await using upstream = await startUpstream((_request, response) => sendJson(response, 200, '{"matricula":"7654321"}'));
  await using gateway = await startTestGateway(policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)] }), {
    parts: { onSettled: observeCalls(observers, createTestClock()) },
  });
  await gateway.call("GET", "/v1/properties/7654321?limit=5", { token, headers: { "user-agent": "agent-of-maria" } });
  await gateway.call("GET", "/v1/nowhere/7654321", { token });
  await gateway.call("GET", "/v1/properties/7654321", { token: makeToken() });
  const text = metrics.text();
  expect(text).toContain('aqueduto_requests_total{operation="getProperty",class="2xx"} 1\n');
  expect(text).toContain('aqueduto_requests_total{operation="none",class="4xx"} 2\n');
  expect(text).toContain('aqueduto_refusals_total{code="not-found",clause="route-unknown"} 1\n');
  expect(text).toContain('aqueduto_refusals_total{code="unauthorized",clause="token-unknown"} 1\n');
  expect(text).toContain('aqueduto_request_duration_seconds_count{operation="getProperty"} 1\n');
  const lines = sink.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatchObject({ log: "access", operationId: "getProperty", status: 200, code: "ok", method: "GET", durationMs: 0 });
  expect(lines[0]?.["requestId"]).toBe(gateway.records[0]?.requestId);
  expect(lines[0]?.["licenseId"]).toBe(gateway.records[0]?.licenseId);
  expect(lines[2]).not.toHaveProperty("accessId");
  for (const told of [text, sink.lines.join("")])
    for (const secret of ["7654321", "nowhere", "127.0.0.1", "agent-of-maria", token.slice(8, 40), "limit"])
      expect(told).not.toContain(secret);
});

test("however many operations and clauses there are, the metrics stay bounded", () => {
  const metrics = createMetrics();
  const observe = countCalls(metrics);
  for (let i = 0; i < 2_000; i += 1) {
    const operation = { operationId: `op${i}` } as never;
    observe(testCall({ seen: { operation } }), { status: 429, code: "too-many-requests", clause: `clause${i}` }, 1);
  }
  const text = metrics.text();
  expect(text.match(/^aqueduto_requests_total/gm)).toHaveLength(501);
  expect(text).toContain('aqueduto_requests_total{operation="other",class="4xx"} 1500\n');
  expect(text.match(/^aqueduto_refusals_total/gm)).toHaveLength(201);
});

test("a node tells its lease, epoch, connections and targets", () => {
  const metrics = createMetrics();
  const upstream = createUpstreams({
    send: () => Promise.reject(new Error("none")),
    retain: () => undefined,
    close: async () => undefined,
  });
  registerReadings(metrics, {
    lease: { state: () => "island" },
    keeper: { current: () => ({ epoch: 7n }) as never },
    upstream: {
      targets: () => [...upstream.targets(), { key: "svc_a http://up", pending: 2, down: false, breaker: { state: "open" } } as never],
    },
    gate: { open: 3, refused: 4 },
  });
  const text = metrics.text();
  for (const line of [
    'aqueduto_lease_state{state="island"} 1',
    'aqueduto_lease_state{state="held"} 0',
    "aqueduto_policy_epoch 7",
    'aqueduto_upstream_breaker{target="svc_a http://up"} 2',
    'aqueduto_upstream_pending{target="svc_a http://up"} 2',
    "aqueduto_connections_open 3",
    "aqueduto_connections_refused_total 4",
  ])
    expect(text).toContain(`${line}\n`);
});
