import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { generatedDocs } from "./generate-docs.ts";

test.each(generatedDocs().map((doc) => [basename(doc.path), doc] as const))(
  "docs/%s is what the contract makes; else run: node scripts/generate-docs.ts",
  async (_name, { path, text }) => {
    expect(await readFile(path, "utf8")).toBe(text);
  },
);
