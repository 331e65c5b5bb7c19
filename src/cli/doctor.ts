import { stat } from "node:fs/promises";
import { connect as openSocket } from "node:net";
import { join } from "node:path";
import type { Command } from "commander";
import { createClient } from "../contract/client.ts";
import { loadConfig, type Config } from "../platform/config.ts";
import { formatListen } from "../platform/listen.ts";
import { readRunFile } from "../platform/run-file.ts";
import { adminUrl, connect } from "./connect.ts";
import { failureOf } from "./failure.ts";
import { show } from "./output.ts";

type Finding = { check: string; ok: boolean; detail: string };

/** `aqueduto doctor`: is this installation sound? */
export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description("check configuration, runtime, keys, ports, store and clock; exit 1 when something is wrong")
    .addHelpText("after", "\nExample:\n  aqueduto doctor --json")
    .action((_options: object, command: Command) => doctor(command));
}

async function doctor(command: Command): Promise<void> {
  const findings: Finding[] = [runtime()];
  const config = configuration(findings);
  if (config !== undefined) {
    findings.push(await operatorKey(config));
    findings.push(...(await ports(config)));
    findings.push(...(await platform(command)));
  }
  show(command, findings, () => findings.map((one) => `${one.ok ? "ok    " : "FAILED"}  ${one.check.padEnd(14)} ${one.detail}`));
  if (findings.some((one) => !one.ok)) process.exitCode = 1;
}

function runtime(): Finding {
  const major = Number(process.versions.node.split(".")[0]);
  return { check: "runtime", ok: major >= 24, detail: `Node ${process.version}` };
}

function configuration(findings: Finding[]): Config | undefined {
  try {
    const config = loadConfig();
    findings.push({ check: "configuration", ok: true, detail: `data in ${config.dataDir}` });
    return config;
  } catch (error) {
    findings.push({ check: "configuration", ok: false, detail: failureOf(error).message });
    return undefined;
  }
}

async function operatorKey(config: Config): Promise<Finding> {
  const file = join(config.keysDir, "operator");
  try {
    const open = (await stat(file)).mode & 0o077;
    return { check: "operator key", ok: open === 0, detail: open === 0 ? file : `${file} can be read by others; chmod 600 it` };
  } catch {
    return { check: "operator key", ok: false, detail: `${file} is not there or not readable; the first start writes it` };
  }
}

/** Each configured port is the running platform's, or free. */
async function ports(config: Config): Promise<Finding[]> {
  const run = await readRunFile(config.dataDir);
  const running = run !== undefined && processLives(run.pid) ? run : undefined;
  const names = ["gateway", "admin", "base"] as const;
  return Promise.all(
    names.map(async (name) => {
      const { host, port } = config[name];
      const ours = running?.[name] !== undefined && new URL(running[name]).port === String(port);
      const taken = port !== 0 && (await answers(host, port));
      const state = taken ? (ours ? "ours" : "used by another program") : "free";
      return { check: `port ${name}`, ok: ours || !taken, detail: `${formatListen({ host, port })} ${state}` };
    }),
  );
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = openSocket({ host, port, timeout: 1000 });
    const end = (taken: boolean) => {
      socket.destroy();
      resolve(taken);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}

function processLives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** The running platform: store and roles by readyz, the key by status, the clock by the difference to the server's. */
async function platform(command: Command): Promise<Finding[]> {
  try {
    const baseUrl = await adminUrl(command);
    const ready = await createClient({ fetch, baseUrl }).call("GET /readyz");
    const roles = ready.roles.map((one) => ({
      check: one.role,
      ok: one.ready,
      detail: one.ready ? "serves" : (one.reason ?? "does not serve"),
    }));
    return [...roles, await clock(baseUrl), await key(command)];
  } catch (error) {
    return [{ check: "platform", ok: false, detail: failureOf(error).message }];
  }
}

async function clock(baseUrl: string): Promise<Finding> {
  const answer = await fetch(`${baseUrl}/healthz`);
  const theirs = Date.parse(answer.headers.get("date") ?? "");
  const seconds = Math.round(Math.abs(Date.now() - theirs) / 1000);
  return { check: "clock", ok: seconds <= 30, detail: `${seconds} s from the platform's` };
}

async function key(command: Command): Promise<Finding> {
  const client = await connect(command);
  const status = await client.call("GET /v1/status");
  return { check: "key", ok: true, detail: `${status.key_id} at ${status.tenant_id}, policy epoch ${status.epoch}` };
}
