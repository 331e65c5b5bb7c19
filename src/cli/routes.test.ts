import { readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { expect, test } from "vitest";
import { adminApi, type RouteKey } from "../contract/routes.ts";

/** Routes that no command calls, each with its reason. */
const exceptions: Partial<Record<RouteKey, string>> = {
  "GET /healthz": "for load balancers; doctor asks it with a plain fetch, for the clock in its headers",
  "GET /v1/sign-in/providers": "for the sign-in page; aqueduto identity-provider list shows them",
  "POST /v1/sign-in/passkey/options": "a passkey answers in a browser alone",
  "POST /v1/sign-in/passkey": "a passkey answers in a browser alone",
  "POST /v1/second-factor/passkey/options": "a passkey answers in a browser alone",
  "POST /v1/factors/passkey/options": "a passkey answers in a browser alone",
  "POST /v1/factors/passkey": "a passkey answers in a browser alone",
};

const keys = Object.keys(adminApi) as RouteKey[];

/** The sources of the commands without their types, so that a route which only lends its types does not count. */
const sources = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .map((name) => ({ name, code: stripTypeScriptTypes(readFileSync(join(import.meta.dirname, name), "utf8")) }));

/** Route keys in the text of a program. One in brackets looks something up in the contract and calls nothing. */
function routesIn(code: string): string[] {
  return [...code.matchAll(/(?<!\w\[)"((?:GET|POST|PATCH|PUT|DELETE) \/[^"]*)"/g)].map((match) => match[1] ?? "");
}

const reached = new Set(sources.flatMap(({ code }) => routesIn(code)));

test("every route of the admin API is reached by a command, or named here with the reason", () => {
  expect(keys.filter((key) => !reached.has(key) && exceptions[key] === undefined)).toEqual([]);
});

test("no exception is reached all the same", () => {
  expect(Object.keys(exceptions).filter((key) => reached.has(key))).toEqual([]);
});

test("commands write route keys out, so that they can be found", () => {
  const composed = sources.filter(({ code }) => /`(?:GET|POST|PATCH|PUT|DELETE) \//.test(code)).map(({ name }) => name);
  expect(composed).toEqual([]);
});

test("a route in a type, or looked up in the contract, does not count as reached", () => {
  const code = stripTypeScriptTypes(`
    type One = Reply<"GET /v1/partners">;
    const columns = routes["POST /v1/partners"].csv;
    client.call("GET /v1/status");
  `);
  expect(routesIn(code)).toEqual(["GET /v1/status"]);
});
