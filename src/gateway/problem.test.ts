import { expect, test } from "vitest";
import { tokenDigest } from "../platform/token-digest.ts";
import type { OnOldPepper } from "./pipeline.ts";
import { startTestGateway } from "./testing/test-gateway.ts";
import { makeToken, pepper, policyRows, tokenRow } from "./testing/test-policy.ts";

const without = (body: string) => ({ ...(JSON.parse(body) as object), request_id: "" });

test("problem titles and fixed texts speak the caller's language; every 401 of one language is the same", async () => {
  const known = makeToken();
  await using gateway = await startTestGateway(policyRows({}, { tokens: [tokenRow(known, { state: "ended" })] }));
  const ask = (language: string | undefined, token?: string) =>
    gateway.call("GET", "/v1/properties/1", {
      ...(token === undefined ? {} : { token }),
      headers: language === undefined ? {} : { "accept-language": language },
    });
  for (const [language, title] of [
    ["pt-BR, en;q=0.5", "É necessária uma credencial válida"],
    ["en", "A valid credential is required"],
    [undefined, "A valid credential is required"],
  ] as const) {
    const replies = [await ask(language), await ask(language, known), await ask(language, makeToken()), await ask(language, "malformed")];
    expect(without(replies[0]?.body ?? "")).toMatchObject({ status: 401, code: "unauthorized", title });
    for (const reply of replies) {
      expect(without(reply.body)).toEqual(without(replies[0]?.body ?? ""));
      expect(reply.body.length).toBe(replies[0]?.body.length);
      expect(reply.headers["content-language"]).toBe(language?.startsWith("pt") === true ? "pt-BR" : "en");
      expect(reply.headers["vary"]).toContain("accept-language");
    }
  }
});

test("several Accept-Language lines are one list, and no such header fails a request", async () => {
  await using gateway = await startTestGateway(policyRows({}, {}));
  const text = await gateway.raw(
    "GET /v1/properties/1 HTTP/1.1\r\nhost: x\r\naccept-language: fr\r\naccept-language: pt\r\nconnection: close\r\n\r\n",
  );
  expect(text).toContain("content-language: pt-BR");
});

test("a token under the pepper before is told with its digest under the live one, never the token", async () => {
  const token = makeToken();
  const live = { kid: "pepper2", key: Buffer.alloc(32, 7) };
  const hits: Parameters<OnOldPepper>[0][] = [];
  await using gateway = await startTestGateway(policyRows({}, { tokens: [tokenRow(token)] }), {
    parts: { keyring: { pepper: { ...live, previous: pepper } }, onOldPepper: (hit) => hits.push(hit) },
  });
  await gateway.call("GET", "/v1/properties/1", { token });
  await gateway.call("GET", "/v1/properties/1", { token: makeToken() });
  expect(hits).toEqual([{ tenantId: "ten_a", tokenId: expect.any(String), digest: tokenDigest(live.key, token) }]);
});
