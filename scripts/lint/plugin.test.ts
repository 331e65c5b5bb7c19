import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { rooms } from "./rooms.js";

const root = join(import.meta.dirname, "..", "..");

/** Plants files in an empty tree, lints them with our own rules alone, and returns what was said of each file. */
function lint(files: Record<string, string>): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "aqueduto-lint-"));
  const rules = {
    "aqueduto/room-fence": "error",
    "aqueduto/no-process-env": "error",
    "aqueduto/guarded-verb": "error",
    "aqueduto/audited-verb": "error",
  };
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
  const verb = (guards: string, change = `await tx.insertInto("partner").execute();`) =>
    `export async function create(ctx) {\n  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {\n    ${change}\n    ${guards}\n  });\n}\n`;
  const helper = 'async function write(tx) {\n  await tx.updateTable("x").execute();\n}\n';
  const both = "requireScope(ctx); await appendAdminEntry(tx);";
  const said = lint({
    "src/control/partner/no-audit.ts": verb("requireScope(ctx);"),
    "src/control/partner/no-scope.ts": verb("await appendAdminEntry(tx);"),
    "src/control/partner/both.ts": verb(both),
    "src/control/partner/sql-insert.ts": verb("", "await sql`INSERT INTO partner VALUES (1)`.execute(tx);"),
    "src/control/partner/sql-update.ts": verb("", "await sql`WITH x AS (SELECT 1) UPDATE partner SET name = ${name}`.execute(tx);"),
    "src/control/partner/sql-delete.ts": verb("", "await sql<Row>`DELETE FROM partner`.execute(tx);"),
    "src/control/partner/sql-lock.ts": verb(
      "",
      "await sql`SELECT name FROM partner FOR NO KEY UPDATE OF partner SKIP LOCKED`.execute(tx);",
    ),
    "src/control/partner/sql-both.ts": verb(both, "await sql`DELETE FROM partner`.execute(tx);"),
    "src/control/partner/helper.ts": `${verb("", "await write(tx);")}${helper}`,
    "src/control/partner/helper-argument.ts": `${verb("", "await Promise.all(rows.map(write));")}${helper}`,
    "src/control/partner/helper-of-helper.ts": `${verb("", "await first(tx);")}async function first(tx) {\n  await write(tx);\n}\n${helper}`,
    "src/control/partner/helper-guards.ts": `${verb("requireScope(ctx);", "await write(tx);")}async function write(tx) {\n  await tx.deleteFrom("x").execute();\n  await appendAdminEntry(tx);\n}\n`,
    "src/control/partner/write.ts": `export ${helper}export async function read(tx) {\n  await tx.selectFrom("x").execute();\n}\n`,
    "src/control/partner/imported.ts": `import { write } from "./write.ts";\n${verb("", "await write(tx);")}`,
    "src/control/partner/imported-read.ts": `import { read } from "./write.ts";\n${verb("", "await read(tx);")}`,
    "src/control/partner/through.ts": `import { write } from "./write.ts";\nexport async function through(tx) {\n  await write(tx);\n}\n`,
    "src/control/partner/imported-twice.ts": `import { through } from "./through.ts";\n${verb("", "await through(tx);")}`,
    "src/control/partner/without-transaction.ts": `export async function create(ctx) {\n  await ctx.db.insertInto("partner").execute();\n}\n`,
    "src/control/partner/arrow.ts": `export const create = async (ctx) => {\n  await ctx.db.insertInto("partner").execute();\n};\n`,
    "src/control/partner/method.ts": `export class Writer {\n  async flush(db) {\n    await db.insertInto("partner").execute();\n  }\n}\n`,
    "src/control/partner/verb.db.test.ts": verb(""),
    "src/admin/direct.ts": verb(both),
    "src/admin/reads.ts": verb("", 'await tx.selectFrom("partner").execute();'),
  });
  test.each([
    "no-audit",
    "sql-insert",
    "sql-update",
    "sql-delete",
    "helper",
    "helper-argument",
    "helper-of-helper",
    "imported",
    "imported-twice",
    "without-transaction",
    "arrow",
    "method",
  ])("without audit it is refused: %s", (name) =>
    expect(said.get(`src/control/partner/${name}.ts`)).toContain("must call appendAdminEntry"),
  );
  test.each(["no-scope", "sql-insert", "helper", "imported", "without-transaction"])("without scope check it is refused: %s", (name) =>
    expect(said.get(`src/control/partner/${name}.ts`)).toContain("must call requireScope"),
  );
  test.each(["both", "sql-both", "sql-lock", "helper-guards", "imported-read", "write", "through", "verb.db.test"])(
    "with both, or without a change, it passes: %s",
    (name) => expect(said.get(`src/control/partner/${name}.ts`)).toBe(""),
  );
  test("a change outside of control is refused even with both, reading is not", () => {
    expect(said.get("src/admin/direct.ts")).toContain("verbs of src/control alone");
    expect(said.get("src/admin/reads.ts")).toBe("");
  });
});

test("every verb that is let off says why", () => {
  const files = globSync("src/**/*.ts", { cwd: root }).filter((path) => !path.endsWith(".test.ts"));
  const disables = files.flatMap(
    (path) => readFileSync(join(root, path), "utf8").match(/oxlint-disable[^\n]*(guarded|audited)-verb[^\n]*/g) ?? [],
  );
  expect(disables.filter((one) => !/(guarded|audited)-verb -- \S.{30,}/.test(one))).toEqual([]);
});
