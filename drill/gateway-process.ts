import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export type GatewayProcess = { gateway: string; nodeId: string; pid: number; stop(): Promise<void> };

/** `aqueduto start --role gateway` in a process of its own, on a free port. */
export async function startGatewayProcess(dataDir: string, of: { storeUrl: string; keysDir: string }): Promise<GatewayProcess> {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("AQUEDUTO_")));
  const child = spawn(process.execPath, ["bin/aqueduto", "start", "--role", "gateway", "--json"], {
    cwd: join(import.meta.dirname, ".."),
    env: { ...own, DATABASE_URL: of.storeUrl, AQUEDUTO_KEYS: of.keysDir, AQUEDUTO_DATA: dataDir, AQUEDUTO_GATEWAY_LISTEN: "127.0.0.1:0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const told = await firstLine(child);
  return { ...told, pid: child.pid ?? 0, stop: () => stop(child) };
}

function firstLine(child: ChildProcess): Promise<{ gateway: string; nodeId: string }> {
  let said = "";
  let screen = "";
  return new Promise((resolve, reject) => {
    child.stderr?.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-10_000);
    });
    child.stdout?.on("data", (chunk: Buffer) => {
      screen += chunk.toString();
      const end = screen.indexOf("\n{") + 1;
      if (screen.startsWith("{", end) && screen.includes("\n", end)) resolve(JSON.parse(screen.slice(end, screen.indexOf("\n", end))));
    });
    child.once("exit", (code) => reject(new Error(`a gateway ended (${String(code)}):\n${said}`)));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
