import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { kill, PlatformProcess, repository } from "../helpers/platform-process.ts";

test("a second start goes on with the same data, and SIGTERM ends everything", async () => {
  await using platform = await PlatformProcess.start();
  const first = await platform.demo();
  expect(statSync(join(platform.dataDir, "demo.json")).mode & 0o777).toBe(0o600);
  expect(statSync(join(platform.dataDir, "keys", "operator")).mode & 0o777).toBe(0o600);

  const stopped = await platform.stop("SIGTERM");
  expect(stopped.code).toBe(0);
  expect(stopped.children.length).toBeGreaterThan(0);
  expect(stopped.children.filter((pid) => kill(pid, 0))).toEqual([]);

  await platform.startAgain();
  const second = await platform.demo();
  for (const field of ["token", "accessId", "licenseId", "partnerId", "webhookId", "matricula", "cpf"] as const)
    expect(second[field]).toBe(first[field]);
  const answer = await fetch(second.gateway + second.call.path, { headers: { authorization: `Bearer ${second.token}` } });
  expect(answer.status).toBe(200);
  expect((await platform.stop("SIGINT")).code).toBe(0);
});

test("a second platform in the same data directory is refused with a clear message", async () => {
  await using platform = await PlatformProcess.start();
  const { code, stderr } = await platform.run(["start"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/in use by a running platform/);
});

function startWith(env: Record<string, string>): { status: number | null; stderr: string } {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("AQUEDUTO_")));
  const done = spawnSync(process.execPath, ["bin/aqueduto", "start"], { cwd: repository, env: { ...clean, ...env }, encoding: "utf8" });
  return { status: done.status, stderr: done.stderr };
}

test("bad configuration stops the start with the key and the form that is expected", () => {
  const unknown = startWith({ AQUEDUTO_GATWAY_LISTEN: "127.0.0.1:1" });
  expect(unknown.status).not.toBe(0);
  expect(unknown.stderr).toContain("AQUEDUTO_GATWAY_LISTEN");
  const bad = startWith({ AQUEDUTO_ADMIN_LISTEN: "everywhere" });
  expect(bad.status).not.toBe(0);
  expect(bad.stderr).toContain("AQUEDUTO_ADMIN_LISTEN");
  expect(bad.stderr).toMatch(/host:port/i);
});

test("the demo never shares a data directory that holds something else", () => {
  const folder = mkdtempSync(join(tmpdir(), "aqueduto-e2e-"));
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "data", "something"), "of somebody else");
  const done = startWith({ AQUEDUTO_DATA: join(folder, "data"), AQUEDUTO_DEMO: "on" });
  rmSync(folder, { recursive: true });
  expect(done.status).not.toBe(0);
  expect(done.stderr).toMatch(/demo/);
});

test("the command runs on the pinned runtime when an older Node starts it, and help shows examples", async () => {
  const done = spawnSync("npx", ["--no-install", "aqueduto", "token", "regenerate", "--help"], { cwd: repository, encoding: "utf8" });
  expect(done.status).toBe(0);
  expect(done.stdout).toContain("Example");
  const wrong = spawnSync("npx", ["--no-install", "aqueduto", "token", "regenerate"], { cwd: repository, encoding: "utf8" });
  expect(wrong.status).toBe(2);
});
