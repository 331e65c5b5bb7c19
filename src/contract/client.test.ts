import { expect, expectTypeOf, test } from "vitest";
import { ApiError, createClient, type FetchLike, type RequestLike } from "./client.ts";
import type { Partner } from "./partner.ts";

function answering(status: number, body: string | AsyncIterable<Uint8Array>) {
  const seen: (RequestLike & { url: string })[] = [];
  const fetch: FetchLike = async (url, init) => {
    seen.push({ url, ...init });
    return {
      status,
      headers: new Headers({ etag: '"one"' }),
      text: async () => (typeof body === "string" ? body : ""),
      body: typeof body === "string" ? null : body,
    };
  };
  return { client: createClient({ fetch, baseUrl: "http://admin.test", key: "aqk_x" }), seen };
}

async function* chunks(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

test("parameters and query are percent-encoded and the key is sent as Bearer", async () => {
  const { client, seen } = answering(200, "{}");
  await client.call("GET /v1/partners/{partner_id}", { params: { partner_id: "a/b ?" } });
  await client.call("GET /v1/tokens", { query: { access_id: "x&y", limit: 5 } });
  expect(seen.map((r) => [r.method, r.url])).toEqual([
    ["GET", "http://admin.test/v1/partners/a%2Fb%20%3F"],
    ["GET", "http://admin.test/v1/tokens?access_id=x%26y&limit=5"],
  ]);
  expect(seen[0]?.headers["authorization"]).toBe("Bearer aqk_x");
});

test("bodyText is sent byte for byte", async () => {
  const { client, seen } = answering(202, `{"ids":[]}`);
  const bodyText = `{"client-transaction":[{"valorpago":10.50}]}`;
  await client.call("POST /v1/events", { headers: { "idempotency-key": "k" }, bodyText });
  expect(seen[0]?.body).toBe(bodyText);
  expect(seen[0]?.headers["idempotency-key"]).toBe("k");
});

test("a problem document becomes an ApiError with its code", async () => {
  const problem = { type: "about:blank", title: "T", status: 409, code: "conflict", request_id: "r" };
  const { client } = answering(409, JSON.stringify(problem));
  const failure = await client.call("POST /v1/partners", { body: { name: "x" } }).catch((e: unknown) => e);
  expect(failure).toBeInstanceOf(ApiError);
  expect(failure).toMatchObject({ code: "conflict", status: 409, problem });
});

test("an answer that is no problem document is an ApiError too", async () => {
  const { client } = answering(502, "<html>");
  await expect(client.call("GET /v1/status")).rejects.toMatchObject({ code: "no-problem", status: 502 });
});

test("readyz gives its body also when it answers 503", async () => {
  const { client } = answering(503, `{"ready":false,"roles":[]}`);
  await expect(client.call("GET /readyz")).resolves.toEqual({ ready: false, roles: [] });
});

test("lines split anywhere, also inside a character, are read whole", async () => {
  const bytes = new TextEncoder().encode(`{"a":"çã"}\n{"b":2}\n`);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const { client } = answering(200, chunks(bytes.slice(0, cut), bytes.slice(cut)));
    const lines = [];
    for await (const line of client.stream("POST /v1/demo/base", { body: { properties: 50 } })) lines.push(line);
    expect(lines).toEqual([{ a: "çã" }, { b: 2 }]);
  }
});

test("a read gives the ETag, which the change sends back", async () => {
  const { client, seen } = answering(200, "{}");
  const params = { webhook_id: "whk_1" };
  const { etag } = await client.read("GET /v1/webhooks/{webhook_id}", { params });
  await client.call("PATCH /v1/webhooks/{webhook_id}", { params, headers: { "if-match": etag }, body: { name: "x" } });
  expect(seen[1]).toMatchObject({ method: "PATCH", headers: { "if-match": '"one"' } });
  // @ts-expect-error a change without If-Match
  void (() => client.call("PATCH /v1/webhooks/{webhook_id}", { params, body: { name: "x" } }));
});

test("the call's types come from the contract", () => {
  const { client } = answering(200, "{}");
  expectTypeOf(client.call("POST /v1/partners", { body: { name: "x" } })).resolves.toEqualTypeOf<Partner>();
  // @ts-expect-error a body is needed
  void (() => client.call("POST /v1/partners"));
  // @ts-expect-error the property does not exist
  void (() => client.call("POST /v1/partners", { body: { nome: "x" } }));
  // @ts-expect-error a stream is not called
  void (() => client.call("POST /v1/demo/base", { body: { properties: 50 } }));
  const global: FetchLike = globalThis.fetch;
  expect(global).toBeTypeOf("function");
});
