import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "..");

/** Runs a tool of node_modules/.bin (or this very runtime, for `node`) in the repository; resolves with its exit code and output. */
export function runTool(tool: string, args: string[]): Promise<{ code: number; output: string }> {
  const local = join(root, "node_modules", ".bin", tool);
  const command = tool === "node" ? process.execPath : existsSync(local) ? local : tool;
  const env = { ...process.env, PATH: `${join(root, "node_modules", ".bin")}:${process.env["PATH"] ?? ""}`, FORCE_COLOR: "0" };
  const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
