// After npm ci: puts the command in node_modules/.bin, where npx looks first, so `npx aqueduto` needs no network.
"use strict";
const { mkdirSync, rmSync, symlinkSync } = require("node:fs");
const { join } = require("node:path");

if (process.platform !== "win32") {
  const bin = join(__dirname, "..", "node_modules", ".bin");
  mkdirSync(bin, { recursive: true });
  rmSync(join(bin, "aqueduto"), { force: true });
  symlinkSync(join("..", "..", "bin", "aqueduto"), join(bin, "aqueduto"));
}
