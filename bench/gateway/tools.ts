import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Tools of the machine that a bench compares with or loads with, and the Debian package that brings each. */
const packages = { nginx: "nginx", wrk: "wrk", caddy: "caddy", apache2: "apache2", taskset: "util-linux" } as const;

export type Tool = keyof typeof packages;

/** Where a tool lies; undefined when it is not installed. Nothing is installed by a bench. */
export function findTool(tool: Tool): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, tool)).find(isExecutable);
}

export function packageOf(tool: Tool): string {
  return packages[tool];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
