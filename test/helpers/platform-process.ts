import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const repository = join(import.meta.dirname, "..", "..");

export type Demo = {
  gateway: string;
  admin: string;
  base: string;
  receiver: string;
  token: string;
  accessId: string;
  licenseId: string;
  partnerId: string;
  webhookId: string;
  matricula: number;
  cpf: string;
  call: { method: string; path: string };
  forbidden: { method: string; path: string };
};

export type Received = { "webhook-id": string; verified: boolean; body: string };

export type Ran = { code: number; stdout: string; stderr: string };

/** A platform in a process of its own, as `npm start` makes it, on free ports. */
export class PlatformProcess implements AsyncDisposable {
  readonly dataDir: string;
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  output = "";

  private constructor(dataDir: string, env: NodeJS.ProcessEnv) {
    this.dataDir = dataDir;
    this.#env = env;
  }

  /** Makes a data directory and starts; `prepare` may put something where the directory will be before. */
  static async start(env: Record<string, string> = {}, prepare?: (dataDir: string) => Promise<void>): Promise<PlatformProcess> {
    const platform = new PlatformProcess(join(await mkdtemp(join(tmpdir(), "aqueduto-e2e-")), "data"), env);
    await prepare?.(platform.dataDir);
    await platform.startAgain();
    return platform;
  }

  /** Starts in the same data directory; resolves when the start screen has been printed. */
  async startAgain(): Promise<void> {
    const listen = { AQUEDUTO_GATEWAY_LISTEN: "127.0.0.1:0", AQUEDUTO_ADMIN_LISTEN: "127.0.0.1:0", AQUEDUTO_BASE_LISTEN: "127.0.0.1:0" };
    const child = spawn(process.execPath, ["bin/aqueduto", "start"], {
      cwd: repository,
      env: { ...inheritedEnvironment(), ...listen, ...this.#env, AQUEDUTO_DATA: this.dataDir },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    let screen = "";
    child.stderr.on("data", (chunk: Buffer) => {
      this.output += chunk.toString();
    });
    await new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (chunk: Buffer) => {
        this.output += chunk.toString();
        screen += chunk.toString();
        if (screen.includes("Aqueduto is running.")) resolve();
      });
      child.once("exit", (code, signal) => reject(new Error(`the platform ended (${String(code ?? signal)}):\n${this.output}`)));
    });
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("the platform is not running");
    return pid;
  }

  async demo(): Promise<Demo> {
    return JSON.parse(await readFile(join(this.dataDir, "demo.json"), "utf8")) as Demo;
  }

  async operatorKey(): Promise<string> {
    return (await readFile(join(this.dataDir, "keys", "operator"), "utf8")).trim();
  }

  /** What the demo receiver got. */
  async received(): Promise<Received[]> {
    const answer = await fetch(`${(await this.demo()).receiver}/received`);
    return (await answer.json()) as Received[];
  }

  /** Items of one event type in all that was received, in order of arrival. */
  async items(type: string): Promise<Record<string, unknown>[]> {
    const bodies = (await this.received()).map((one) => JSON.parse(one.body) as Record<string, Record<string, unknown>[]>);
    return bodies.flatMap((body) => body[type] ?? []);
  }

  /** Runs the command against this platform; resolves with its parsed --json output. Throws with what it said when it fails. */
  async command(...args: string[]): Promise<Record<string, unknown>> {
    const { code, stdout, stderr } = await this.run([...args, "--json"]);
    if (code !== 0) throw new Error(`aqueduto ${args.join(" ")} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  /**
   * Runs the command. `input` is its standard input; `reply` is asked at each text on standard error, and what it gives
   * is typed. `home` is where the person's sign-in is kept.
   */
  async run(args: string[], how: { input?: string; reply?: (said: string) => string | undefined; home?: string } = {}): Promise<Ran> {
    const home = how.home === undefined ? {} : { HOME: how.home };
    const env = { ...inheritedEnvironment(), ...this.#env, ...home, AQUEDUTO_DATA: this.dataDir };
    const child = spawn(process.execPath, ["bin/aqueduto", ...args], { cwd: repository, env, stdio: ["pipe", "pipe", "pipe"] });
    // a command that reads nothing may end before its input is written
    child.stdin.on("error", () => undefined);
    if (how.reply === undefined) child.stdin.end(how.input ?? "");
    else child.stdin.write(how.input ?? "");
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
      const typed = how.reply?.(stderr);
      if (typed !== undefined) child.stdin.write(typed);
    });
    const [code] = (await once(child, "close")) as [number | null];
    return { code: code ?? 1, stdout, stderr };
  }

  /** Calls the admin API with the operator's key. */
  async admin(method: string, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
    const { admin } = await this.demo();
    const headers = {
      authorization: `Bearer ${await this.operatorKey()}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const answer = await fetch(admin + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }

  /** Kills the platform and every process under it with SIGKILL, and waits until they are gone. */
  async killTree(): Promise<void> {
    const pids = [this.pid, ...(await descendants(this.pid))];
    const gone = once(this.#child!, "exit");
    for (const pid of pids) kill(pid, "SIGKILL");
    await gone;
    while (pids.some((pid) => kill(pid, 0))) await new Promise(setImmediate);
    this.#child = undefined;
  }

  /** Sends the signal to the platform alone and resolves with its exit code and the processes that were under it. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<{ code: number | null; children: number[] }> {
    const child = this.#child;
    if (child === undefined) return { code: null, children: [] };
    const children = await descendants(this.pid);
    const ended = once(child, "exit");
    child.kill(signal);
    const [code] = (await ended) as [number | null];
    this.#child = undefined;
    return { code, children };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child !== undefined && this.#child.exitCode === null) await this.stop();
    await rm(join(this.dataDir, ".."), { recursive: true, force: true });
  }
}

/** The environment of the tests without anything that configures a platform. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("AQUEDUTO_") && name !== "DATABASE_URL"));
}

/** Sends a signal; false when there is no such process. A zombie counts as gone. */
export function kill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Ids of all processes under `pid`, from /proc. */
export async function descendants(pid: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    if (parent > 0) parents.set(Number(name), parent);
  }
  const below = (top: number): number[] =>
    [...parents].filter(([, parent]) => parent === top).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

/** Waits until `check` gives a value; fails with `what` after the deadline. */
export async function until<T>(what: string, check: () => Promise<T | undefined | false>, deadlineMs = 60_000): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error(`not reached in ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
