import { expect, test } from "vitest";
import { UpstreamFailure, type UpstreamRequest } from "../upstream/upstream-client.ts";
import { createUpstreams } from "../upstream/upstreams.ts";
import { compile, onlyAccess, refusalOf, testCall } from "../testing/test-call.ts";
import { accessRow, makeToken, policyRows, tokenRow } from "../testing/test-policy.ts";
import { forward } from "./forward.ts";

function bed(mode: "live" | "test", targets: Parameters<typeof policyRows>[0]) {
  const snapshot = compile(policyRows(targets, { tokens: [tokenRow(makeToken())], accesses: [accessRow({ mode })] }));
  const [token] = [...snapshot.tokens.values()];
  const grant = onlyAccess(snapshot).license.grants.get("getProperty");
  if (token === undefined || grant === undefined) throw new Error("bed");
  return { token, grant };
}

const request = { path: "/v1/properties/1", body: undefined, asked: () => undefined };

async function sent(
  mode: "live" | "test",
  targets: Parameters<typeof policyRows>[0],
  failure?: UpstreamFailure,
): Promise<{ verdict: string; requests: UpstreamRequest[] }> {
  const requests: UpstreamRequest[] = [];
  const upstream = createUpstreams({
    send(outgoing: UpstreamRequest) {
      requests.push(outgoing);
      return failure ? Promise.reject(failure) : Promise.resolve({ status: 200, contentType: undefined, body: Buffer.alloc(0) });
    },
    retain: () => undefined,
    close: () => Promise.resolve(),
  });
  const { token, grant } = bed(mode, targets);
  const verdict = await refusalOf(() => forward(testCall(), token, grant, { request, upstream }));
  return { verdict, requests };
}

test("live goes to the live target, test to the sandbox, and neither to the other's", async () => {
  const both = { live: "http://live:1", sandbox: "http://sandbox:2" };
  expect((await sent("live", both)).requests.map(({ origin }) => origin)).toEqual(["http://live:1"]);
  expect((await sent("test", both)).requests.map(({ origin }) => origin)).toEqual(["http://sandbox:2"]);
  for (const [mode, targets] of [
    ["live", { sandbox: "http://sandbox:2" }],
    ["test", { live: "http://live:1" }],
  ] as const) {
    expect(await sent(mode, targets)).toEqual({ verdict: "upstream-failed no-target", requests: [] });
  }
});

test("the deadline of the operation is told and kept", async () => {
  const { requests } = await sent("test", { sandbox: "http://sandbox:2" });
  expect([requests[0]?.timeoutMs, requests[0]?.headers["aqueduto-deadline-ms"]]).toEqual([2_000, "2000"]);
});

test("a failing upstream is 502, a slow one 504", async () => {
  for (const [kind, verdict] of [
    ["connect", "upstream-failed upstream-connect"],
    ["broken", "upstream-failed upstream-broken"],
    ["too-large", "upstream-failed upstream-too-large"],
    ["timeout", "upstream-timeout upstream-timeout"],
  ] as const) {
    expect((await sent("test", { sandbox: "http://sandbox:2" }, new UpstreamFailure(kind))).verdict).toBe(verdict);
  }
});
