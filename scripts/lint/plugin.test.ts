import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { rooms } from "./rooms.js";

const root = join(import.meta.dirname, "..", "..");

/** Plants files in an empty tree, lints them with our own rules alone, and returns what was said of each file. */
function lint(files: Record<string, string>): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "aqueduto-lint-"));
  const rules = { "aqueduto/room-fence": "error", "aqueduto/no-process-env": "error", "aqueduto/guarded-verb": "error" };
  const config = { jsPlugins: [join(root, "scripts", "lint", "plugin.js")], categories: { correctness: "off" }, rules };
  writeFileSync(join(folder, ".oxlintrc.json"), JSON.stringify(config));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const env = { ...process.env, AQUEDUTO_LINT_ROOT: folder };
  const args = ["-c", ".oxlintrc.json", "--format", "json"];
  const done = spawnSync(join(root, "node_modules", ".bin", "oxlint"), args, { cwd: folder, env, encoding: "utf8" });
  rmSync(folder, { recursive: true, force: true });
  const said = new Map(Object.keys(files).map((path) => [path, ""]));
  const report = JSON.parse(done.stdout) as { diagnostics: { filename: string; message: string; code: string }[] };
  for (const one of report.diagnostics) said.set(one.filename, `${said.get(one.filename) ?? ""}${one.code}: ${one.message}\n`);
  return said;
}

const importOf = (from: string, to: string) =>
  `import { x } from "${"../".repeat(from.split("/").length)}${to}/x.ts";\nexport const y = x;\n`;
// in the gateway only the snapshot loader may read the store
const fileOf = (from: string, to: string) =>
  `src/${from}/${from === "gateway" && to === "db" ? "snapshot-loader" : `to-${to.replace("/", "-")}`}.ts`;

describe("an import against the arrows does not pass lint", () => {
  const names = Object.keys(rooms);
  const pairs = names.flatMap((from) => names.filter((to) => to !== from).map((to) => ({ from, to })));
  const said = lint(Object.fromEntries(pairs.map(({ from, to }) => [fileOf(from, to), importOf(from, to)])));
  for (const { from, to } of pairs) {
    const allowed = rooms[from]?.includes(to) === true;
    test(`${from} -> ${to} is ${allowed ? "allowed" : "refused"}`, () => {
      expect(said.get(fileOf(from, to))?.includes("room-fence")).toBe(!allowed);
    });
  }
});

describe("other planted violations are found", () => {
  const said = lint({
    "src/gateway/policies/limit.ts": 'import { x } from "../../db/x.ts";\nexport const y = x;\n',
    "src/gateway/dynamic.ts": 'export const load = () => import("../control/x.ts");\n',
    "src/admin/again.ts": 'export { x } from "../gsan/x.ts";\n',
    "src/gateway/env.ts": "export const home = process.env.HOME;\n",
    "src/platform/config.ts": "export const home = process.env.HOME;\n",
  });
  test("a policy of the gateway that reads the store", () => {
    expect(said.get("src/gateway/policies/limit.ts")).toContain("only the snapshot loader");
  });
  test("a dynamic import and a re-export across a fence", () => {
    expect(said.get("src/gateway/dynamic.ts")).toContain("room-fence");
    expect(said.get("src/admin/again.ts")).toContain("room-fence");
  });
  test("process.env outside the configuration, and only there", () => {
    expect(said.get("src/gateway/env.ts")).toContain("no-process-env");
    expect(said.get("src/platform/config.ts")).toBe("");
  });
});

describe("a verb that changes the store passes lint only with scope check and audit", () => {
  const verb = (guards: string) =>
    `export async function create(ctx) {\n  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {\n    await tx.insertInto("partner").execute();\n    ${guards}\n  });\n}\n`;
  const said = lint({
    "src/control/partner/no-audit.ts": verb("requireScope(ctx);"),
    "src/control/partner/no-scope.ts": verb("await appendAdminEntry(tx);"),
    "src/control/partner/both.ts": verb("requireScope(ctx); await appendAdminEntry(tx);"),
  });
  test("without audit it is refused", () => {
    expect(said.get("src/control/partner/no-audit.ts")).toContain("must call appendAdminEntry");
  });
  test("without scope check it is refused", () => {
    expect(said.get("src/control/partner/no-scope.ts")).toContain("must call requireScope");
  });
  test("with both it passes", () => {
    expect(said.get("src/control/partner/both.ts")).toBe("");
  });
});
