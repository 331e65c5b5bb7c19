import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acquireDataLock, type DataLock } from "../../src/db/data-lock.ts";
import { openDatabase } from "../../src/db/database.ts";
import { type EmbeddedServer, startEmbeddedServer } from "../../src/db/embedded-server.ts";
import { migrate } from "../../src/db/migrate.ts";
import { descendants, kill } from "./platform-process.ts";

// a test loses nothing in a power cut
const quick: Record<string, string> = { fsync: "off", full_page_writes: "off" };

/** A PostgreSQL server of one test's own, which it may stop, freeze and start again in the same place. */
export class OwnStore implements AsyncDisposable {
  readonly url: string;
  readonly #lock: DataLock;
  readonly #settings: Record<string, string>;
  #server: EmbeddedServer;
  #frozen: number[] = [];

  private constructor(lock: DataLock, server: EmbeddedServer, settings: Record<string, string>) {
    this.#lock = lock;
    this.#settings = settings;
    this.#server = server;
    this.url = server.url;
  }

  static async start(settings = quick): Promise<OwnStore> {
    const lock = await acquireDataLock(await mkdtemp(join(tmpdir(), "aqueduto-store-")));
    const store = new OwnStore(lock, await startEmbeddedServer({ lock, settings }), settings);
    await migrate({ url: store.url });
    return store;
  }

  /** It has ended when this returns: connections are refused. */
  stop(): Promise<void> {
    return this.#server.stop(3_000);
  }

  /** On the port of before. */
  async startAgain(): Promise<void> {
    this.#server = await startEmbeddedServer({ lock: this.#lock, settings: this.#settings });
    if (this.#server.url !== this.url) throw new Error("the store's port was taken meanwhile");
  }

  /** Every process of it stands still: connections are taken by the kernel and nobody answers. */
  async freeze(): Promise<void> {
    const top = this.#server.pid() ?? 0;
    // the postmaster first, so that it makes no more
    kill(top, "SIGSTOP");
    this.#frozen = [top, ...(await descendants(top))];
    for (const pid of this.#frozen) kill(pid, "SIGSTOP");
  }

  thaw(): void {
    for (const pid of this.#frozen.toReversed()) kill(pid, "SIGCONT");
    this.#frozen = [];
  }

  /** Connections as the platform's own. */
  open() {
    const { db, close } = openDatabase({ url: this.url, max: 4, applicationName: "aqueduto-test" });
    return { db, [Symbol.asyncDispose]: close };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.thaw();
    await this.#server.stop(3_000);
    await this.#lock.release();
    await rm(this.#lock.directory, { recursive: true, force: true });
  }
}
