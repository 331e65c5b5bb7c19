import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { createProgram } from "../src/cli/main.ts";
import { configKeys } from "../src/platform/config-keys.ts";
import { repository } from "./helpers/platform-process.ts";

const outside = new Set(["node_modules", ".git", "data"]);
const files = filesUnder(repository).map((path) => relative(repository, path).replaceAll("\\", "/"));
const pages = files.filter((path) => path.endsWith(".md")).map((path) => ({ path, text: readFileSync(join(repository, path), "utf8") }));
/** Written by a running platform, so they are not in the repository. */
const written = new Set(["run.json", "data/demo.json", "demo.json", "owner.json"]);
/** Stands for a file of a series. */
const patterns = new Set(["migrations/NNNN_name.sql"]);

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !outside.has(entry.name))
    .flatMap((entry) => (entry.isDirectory() ? filesUnder(join(folder, entry.name)) : [join(folder, entry.name)]));
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? "");
}

/** As GitHub makes it from a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\- ]/gu, "")
    .replaceAll(" ", "-");
}

function isDead(link: string, page: { path: string; text: string }): boolean {
  const [path = "", fragment] = link.split("#");
  const target = path === "" ? join(repository, page.path) : join(repository, dirname(page.path), path);
  if (!existsSync(target)) return true;
  return (
    fragment !== undefined &&
    !matches(readFileSync(target, "utf8"), /^#+ (.+)$/gm)
      .map(anchor)
      .includes(fragment)
  );
}

describe.each(pages)("$path tells the truth:", (page) => {
  test("no link into the repository is dead", () => {
    const links = matches(page.text, /\]\(([^)\s]+)\)/g).filter((link) => !/^[a-z]+:/.test(link));
    expect(links.filter((link) => isDead(link, page))).toEqual([]);
  });

  test("every file it names is there", () => {
    const named = matches(page.text, /`([\w./-]+\.(?:ts|js|cjs|sql|json|md))`/g).map((path) => path.replace(/^(\.\.?\/)+/, ""));
    const missing = named.filter(
      (path) => !written.has(path) && !patterns.has(path) && !files.some((file) => `/${file}`.endsWith(`/${path}`)),
    );
    expect(missing).toEqual([]);
  });

  test("every configuration key it names exists", () => {
    expect(matches(page.text, /\b(AQUEDUTO_\w+)/g).filter((key) => !Object.hasOwn(configKeys, key))).toEqual([]);
  });

  test("every command it shows exists, with the options it shows", () => {
    for (const words of matches(page.text, /(?:npx |`)aqueduto ([a-z][^#`\n]*)/g).map((line) => line.trim().split(/\s+/))) {
      const command = commandOf(createProgram(), words);
      const known = [...command.options, ...(command.parent?.options ?? [])].map((option) => option.long);
      for (const option of words.filter((word) => word.startsWith("--"))) expect(known, words.join(" ")).toContain(option);
    }
  });
});

/** The command that the words lead to, or a group where they stop; fails when a word of a group is none of its commands. `a|b` names two. */
function commandOf(program: Command, words: string[]): Command {
  const [word = "…"] = words;
  const names = program.commands.map((command) => command.name());
  if (names.length === 0 || !/^[a-z]/.test(word)) return program;
  const [first = "", ...others] = word.split("|");
  for (const name of [first, ...others]) expect(names, `${program.name()} ${words.join(" ")}`).toContain(name);
  return commandOf(program.commands[names.indexOf(first)]!, words.slice(1));
}

test("every folder of src has a page of at most 30 lines", () => {
  const folders = readdirSync(join(repository, "src"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of folders) {
    const page = pages.find(({ path }) => path === `src/${name}/README.md`);
    expect(page, name).toBeDefined();
    expect(page?.text.split("\n").length, name).toBeLessThanOrEqual(30);
  }
});
