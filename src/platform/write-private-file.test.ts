import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writePrivateFile } from "./write-private-file.ts";

async function temporaryDirectory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "aqueduto-file-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test("a file that others could read is replaced by one that only its user reads, and nothing is left beside it", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "demo.json");
  await writeFile(path, "old", { mode: 0o644 });
  await writePrivateFile(path, "new");
  expect(await readFile(path, "utf8")).toBe("new");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(directory.path)).toEqual(["demo.json"]);
});

test("writers at the same time leave one whole content", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "run.json");
  const contents = Array.from({ length: 10 }, (_, i) => String(i).repeat(20_000));
  await Promise.all(contents.map((content) => writePrivateFile(path, content)));
  expect(contents).toContain(await readFile(path, "utf8"));
});

test("a failed write leaves what was there", async () => {
  await using directory = await temporaryDirectory();
  await expect(writePrivateFile(join(directory.path, "absent", "x"), "new")).rejects.toThrow("ENOENT");
  expect(await readdir(directory.path)).toEqual([]);
});
