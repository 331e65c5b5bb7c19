import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import { codesOf } from "../../src/contract/openapi-responses.ts";
import { Problem } from "../../src/contract/problem.ts";
import type { Route } from "../../src/contract/route.ts";
import { adminApi, splitRouteKey, type RouteKey } from "../../src/contract/routes.ts";

const ajv = new Ajv({ strict: false, allErrors: true });
formats.default(ajv, ["date-time"]);
const checks = new Map<object, ValidateFunction>();
const routes = (Object.keys(adminApi) as RouteKey[]).map((key) => ({ key, ...splitRouteKey(key), route: adminApi[key] as Route }));
const isProblem = ajv.compile(Problem);

type Reply = { status: number; headers: Headers; text: string; json: unknown };

/** Throws when a reply is not what the contract states of its route: form, status, problem code. Every admin test passes here. */
export function requireContractForm(method: string, path: string, reply: Reply): void {
  if (reply.headers.get("content-type")?.startsWith("application/problem+json") === true) {
    requireProblem(method, path, reply);
    return;
  }
  const found = routeOf(method, path);
  if (found === undefined || found.route.stream === true || reply.status >= 400) return;
  const replayed = reply.headers.get("idempotent-replayed") === "true" && found.route.creates !== true;
  if (!replayed) requireValid(found.route.reply, `${found.key} replied`, reply.json);
  if ((found.route.etag !== undefined) !== (reply.headers.get("etag") !== null)) throw new Error(`${found.key}: ETag and contract differ`);
}

function requireProblem(method: string, path: string, reply: Reply): void {
  if (!isProblem(reply.json)) throw new Error(`${method} ${path}: no problem document: ${reply.text}`);
  const { code, status } = reply.json as Problem;
  const found = routeOf(method, path);
  if (status !== reply.status) throw new Error(`${method} ${path}: status ${reply.status}, and ${status} in the problem`);
  if (found !== undefined && !["not-found", ...codesOf(found.route)].some((known) => known === code))
    throw new Error(`${found.key} answers with ${code}, which its route does not name: ${reply.text}`);
}

function routeOf(method: string, path: string) {
  const steps = (path.split("?")[0] ?? "").split("/");
  const found = routes.filter((one) => one.method === method && fits(one.path.split("/"), steps));
  // a fixed step wins over a parameter, as in the router
  return found.toSorted((a, b) => (a.path.match(/\{/g)?.length ?? 0) - (b.path.match(/\{/g)?.length ?? 0))[0];
}

function fits(template: readonly string[], steps: readonly string[]): boolean {
  return template.length === steps.length && template.every((step, index) => step.startsWith("{") || step === steps[index]);
}

function requireValid(schema: object, what: string, value: unknown): void {
  const check = checks.get(schema) ?? ajv.compile(schema);
  checks.set(schema, check);
  if (!check(value)) throw new Error(`${what} in another form than the contract states: ${ajv.errorsText(check.errors)}`);
}
