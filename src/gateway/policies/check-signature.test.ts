import { generateKeyPairSync, hash, sign } from "node:crypto";
import { expect, test } from "vitest";
import type { Call } from "../call.ts";
import { createReplayCache } from "../signature/replay-cache.ts";
import { compile, onlyAccess, refusalOf, testCall } from "../testing/test-call.ts";
import { sendJson, startTestGateway, startUpstream } from "../testing/test-gateway.ts";
import { accessRow, makeToken, now, policyRows, tokenRow } from "../testing/test-policy.ts";
import { checkSignature } from "./check-signature.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const raw = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("hex");
const access = onlyAccess(compile(policyRows({}, { tokens: [tokenRow(makeToken())], accesses: [accessRow({ factors: ` ${raw}` })] })));
const created = Math.floor(now.getTime() / 1000);
const cache = () => createReplayCache({ keptMs: 90_000, mostPerOwner: 10, most: 10 });

type Signed = { params?: string; lines?: string[]; call?: Parameters<typeof testCall>[0] };

function signed({ params = defaultParams(), lines = defaultLines, call = {} }: Signed = {}): Call {
  const base = [...lines, `"@signature-params": ${params}`].join("\n");
  const headers = { signatureInput: `s=${params}`, signature: `s=:${sign(null, Buffer.from(base), privateKey).toString("base64")}:` };
  return testCall({ ...call, headers: { ...headers, ...call.headers } });
}

const defaultLines = ['"@method": GET', '"@authority": gateway', '"@path": /v1/properties/1'];

function defaultParams(more = `created=${created};keyid="acc_a"`, components = '"@method" "@authority" "@path"'): string {
  return `(${components});${more}`;
}

const verdict = (call: Call, replays = cache()) => refusalOf(() => checkSignature(call, access, replays));

test("a signature of the registered key passes once; unsigned calls of an access without a key pass", async () => {
  const replays = cache();
  expect(await verdict(signed(), replays)).toBe("passed");
  expect(await verdict(signed(), replays)).toBe("forbidden signature-replayed");
  expect(await verdict(signed({ params: defaultParams(`created=${created};keyid="acc_a";nonce="2"`) }), replays)).toBe("passed");
  const plain = onlyAccess(compile(policyRows({}, { tokens: [tokenRow(makeToken())] })));
  expect(await refusalOf(() => checkSignature(testCall(), plain, replays))).toBe("passed");
});

test("a call without a signature, or signed for another place, time or key, is refused", async () => {
  expect(await verdict(testCall())).toBe("forbidden signature-missing");
  expect(await verdict(signed({ call: { path: "/v1/properties/2" } }))).toBe("forbidden signature-wrong");
  expect(await verdict(signed({ call: { headers: { host: "other" } } }))).toBe("forbidden signature-wrong");
  expect(await verdict(signed({ call: { headers: { signature: "x" } } }))).toBe("forbidden signature-form");
  for (const [more, clause] of [
    [`created=${created - 61};keyid="acc_a"`, "signature-created"],
    [`created=${created + 31};keyid="acc_a"`, "signature-created"],
    [`keyid="acc_a"`, "signature-created"],
    [`created=${created};expires=${created};keyid="acc_a"`, "signature-expired"],
    [`created=${created};keyid="acc_b"`, "signature-key"],
    [`created=${created};keyid="acc_a";alg="hmac-sha256"`, "signature-alg"],
  ] as const)
    expect(await verdict(signed({ params: defaultParams(more) })), more).toBe(`forbidden ${clause}`);
});

test("method, place, query and the digest of a body must be covered", async () => {
  const params = (components: string): string => defaultParams(undefined, components);
  expect(await verdict(signed({ params: params('"@authority" "@path"') }))).toBe("forbidden signature-covers");
  expect(await verdict(signed({ params: params('"@method" "@path"') }))).toBe("forbidden signature-covers");
  expect(await verdict(signed({ call: { query: "limit=1" } }))).toBe("forbidden signature-covers");
  expect(await verdict(signed({ call: { hasBody: true } }))).toBe("forbidden signature-covers");
  expect(await verdict(signed({ params: params('"@method" "@authority" "@path" "cookie"') }))).toBe("forbidden signature-components");
  const lines = ['"@method": GET', '"@target-uri": https://gateway/v1/properties/1?limit=1'];
  expect(await verdict(signed({ params: params('"@method" "@target-uri"'), lines, call: { query: "limit=1" } }))).toBe("passed");
});

test("a body that is not the signed one goes nowhere", async () => {
  const contentDigest = `sha-256=:${hash("sha256", "{}", "base64")}:`;
  const params = defaultParams(undefined, '"@method" "@authority" "@path" "content-digest"');
  const call = (body: string): Call =>
    signed({
      params,
      lines: [...defaultLines, `"content-digest": ${contentDigest}`],
      call: { hasBody: true, headers: { contentDigest }, readBody: () => Promise.resolve(Buffer.from(body)) },
    });
  for (const [body, expected] of [
    ["{}", "passed"],
    ["[]", "forbidden content-digest"],
  ] as const) {
    const one = call(body);
    expect(await verdict(one)).toBe("passed");
    expect(await refusalOf(() => one.readBody(10))).toBe(expected);
  }
});

test("over a connection: a signed call is answered, and the same bytes again are refused with the clause", async () => {
  const token = makeToken();
  await using upstream = await startUpstream((_request, response) => sendJson(response, 201, '{"property":"1"}'));
  const rows = policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)], accesses: [accessRow({ factors: ` ${raw}` })] });
  await using gateway = await startTestGateway(rows);
  const body = '{"property":"1"}';
  const digest = `sha-256=:${hash("sha256", body, "base64")}:`;
  const params = defaultParams(undefined, '"@method" "@authority" "@path" "content-digest"');
  const base = `"@method": POST\n"@authority": api.example\n"@path": /v1/requests\n"content-digest": ${digest}\n"@signature-params": ${params}`;
  const headers = {
    host: "API.example:443",
    "content-digest": digest,
    "signature-input": `s=${params}`,
    signature: `s=:${sign(null, Buffer.from(base), privateKey).toString("base64")}:`,
  };
  const send = (more: { body: string }) => gateway.call("POST", "/v1/requests", { token, headers, ...more });
  expect((await send({ body })).status).toBe(201);
  const again = await send({ body });
  expect([again.status, again.json["clause"]]).toEqual([403, "signature-replayed"]);
  expect(upstream.received).toHaveLength(1);
  expect(upstream.received[0]?.headers).not.toHaveProperty("signature");
});
