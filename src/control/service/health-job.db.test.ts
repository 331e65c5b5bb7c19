import { createServer, type Server } from "node:http";
import { Agent } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditOf, createTenantFixture } from "../../../test/helpers/tenant.ts";
import { changeService } from "./change.ts";
import { getService } from "./get.ts";
import { checkTargets } from "./health-job.ts";
import { probeTarget } from "./probe-target.ts";

let base: TestDatabase;
const agent = new Agent({ connect: { timeout: 1_000 } });
beforeAll(async () => {
  base = await createTestDatabase();
});
afterAll(async () => {
  await agent.destroy();
  await base[Symbol.asyncDispose]();
});

async function startTarget(): Promise<{ url: string; answer: { status: number }; seen: string[] } & AsyncDisposable> {
  const seen: string[] = [];
  const answer = { status: 200 };
  const server: Server = createServer((incoming, response) => {
    seen.push(`${incoming.method ?? ""} ${incoming.url ?? ""} ${incoming.headers.authorization ?? "no credential"}`);
    response.writeHead(answer.status, { location: "http://127.0.0.1:1/elsewhere" }).end("a body that nobody keeps");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}`,
    answer,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("a target is asked when it is due; up at once, down after three failures, each change in the audit", async () => {
  await using target = await startTarget();
  const { ctx, serviceId } = await createTenantFixture(base.db);
  const clock = { at: new Date(), now: () => clock.at, monotonicMs: () => 0 };
  const deps = { ...ctx, clock };
  const health = async () => (await getService(ctx, { service_id: serviceId })).health;
  await changeService(ctx, {
    service_id: serviceId,
    targets: { live: [target.url], sandbox: [] },
    health_check: { path: "/up", every_seconds: 30 },
  });
  clock.at = new Date(Date.now() + 1_000);
  expect(await checkTargets(deps, agent)).toBe(1);
  expect(await health()).toMatchObject([{ mode: "live", url: target.url, state: "up", code: "200" }]);
  expect(target.seen).toEqual(["GET /up no credential"]);
  expect(await checkTargets(deps, agent)).toBe(0);
  // a redirect is no good answer and is not followed
  target.answer.status = 302;
  for (const state of ["up", "up", "down", "down"]) {
    clock.at = new Date(clock.at.getTime() + 30_000);
    await checkTargets(deps, agent);
    expect(await health()).toMatchObject([{ state, code: "302" }]);
  }
  target.answer.status = 204;
  clock.at = new Date(clock.at.getTime() + 30_000);
  await checkTargets(deps, agent);
  expect(await health()).toMatchObject([{ state: "up", code: "204", since: clock.at.toISOString() }]);
  const changes = (await auditOf(base.db, ctx.tenantId, serviceId)).filter((entry) => entry.action === "service.health");
  expect(changes.map((entry) => entry.detail)).toMatchObject([
    { from: "unknown", to: "up" },
    { from: "up", to: "down", code: "302" },
    { from: "down", to: "up" },
  ]);
  expect(changes.every((entry) => entry.actor_kind === "system")).toBe(true);
});

test("nobody there and a name that does not resolve have their own code; nothing is thrown", async () => {
  await using target = await startTarget();
  const { url } = target;
  await target[Symbol.asyncDispose]();
  expect(await probeTarget(agent, `${url}/up`)).toMatchObject({ up: false, code: "refused" });
  expect(await probeTarget(agent, "http://nobody.invalid/up")).toMatchObject({ up: false });
  expect(await probeTarget(agent, "http://[broken/up")).toMatchObject({ up: false, code: "broken" });
});
