import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PlatformProcess, repository, until } from "../helpers/platform-process.ts";

test("a refused call shows in the metrics and the access log, is explained by its id, and its error is known as genuine", async () => {
  await using platform = await PlatformProcess.start({ AQUEDUTO_ACCESS_LOG: "on", AQUEDUTO_LOG: "warn" });
  const demo = await platform.demo();
  const headers = { authorization: `Bearer ${demo.token}` };
  expect((await fetch(demo.gateway + demo.call.path, { headers })).status).toBe(200);
  const refused = await fetch(demo.gateway + demo.forbidden.path, { headers });
  const text = await refused.text();
  const error = JSON.parse(text) as Record<string, string>;
  expect(refused.status).toBe(404);

  const key = await platform.operatorKey();
  const metrics = await (await fetch(`${demo.admin}/metrics`, { headers: { authorization: `Bearer ${key}` } })).text();
  expect((await fetch(`${demo.admin}/metrics`)).status).toBe(401);
  for (const line of [
    /^aqueduto_requests_total\{operation="\w+",class="2xx"\} 1$/m,
    /^aqueduto_lease_state\{state="held"\} 1$/m,
    /^aqueduto_journal_used_ratio 0?\.?\d/m,
    /^aqueduto_role_ready\{role="capture"\} 1$/m,
    /^aqueduto_upstream_breaker\{target="svc_\w+ http:[^"]+"\} 0$/m,
    /^aqueduto_policy_epoch [1-9]/m,
    /^process_cpu_seconds_total \d/m,
  ])
    expect(metrics).toMatch(line);
  const rules = readFileSync(join(repository, "docs/alerts.yml"), "utf8");
  const named = new Set([...rules.matchAll(/aqueduto_[a-z_]+/g)].map(([name]) => name));
  // these two are there once there is something to tell
  for (const name of ["aqueduto_signals_total", "aqueduto_certificate_expires_seconds"]) expect(named.delete(name)).toBe(true);
  expect([...named].filter((name) => !metrics.includes(`# TYPE ${name} `))).toEqual([]);

  const id = error["request_id"] ?? "";
  const explained = await until("its record", async () => {
    const { status, body } = await platform.admin("GET", `/v1/requests/${id}/explain`);
    return status === 200 && body;
  });
  expect(explained).toMatchObject({ status: 404, license_id: demo.licenseId, says: { "pt-BR": { what: expect.stringMatching(/./) } } });
  expect((await platform.run(["request", "explain", id])).stdout).toContain(String(explained["clause"]));
  expect(await platform.run(["request", "verify"], { input: text })).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^genuine: /),
  });
  const forged = JSON.stringify({ ...error, status: 503 });
  expect((await platform.run(["request", "verify"], { input: forged })).stdout).toMatch(/^not genuine/);

  const line = platform.output.split("\n").find((one) => one.includes(`"requestId":"${id}"`) && one.includes('"log":"access"'));
  expect(JSON.parse(line ?? "{}")).toMatchObject({ status: 404, code: "not-found", licenseId: demo.licenseId });
  for (const told of [metrics, line ?? ""])
    for (const secret of [String(demo.matricula), demo.cpf, demo.token.slice(8, 40)]) expect(told).not.toContain(secret);
});
