/**
 * Work for one webhook. `run` never rejects; it calls `freeSlot` when the receiver is done, and resolves when the result
 * is kept: until then the delivery is known here, though others of its webhook already go out.
 */
export type Job = { deliveryId: string; priority: number; window: string; run: (freeSlot: () => void) => Promise<void> };

/** `turn`: when it last took a slot. */
type Window = { waiting: Job[]; inFlight: number; turn: number };

/** Claimed ahead per slot, so that one claim feeds a fast receiver for a while. */
const aheadPerSlot = 8;

/**
 * Which claimed deliveries run now. Each webhook has a window of its own, so a slow one fills its own window and nothing
 * else; within it first tries go before retries. `total` bounds all windows together.
 */
export class Windows {
  readonly #size: number;
  readonly #ahead: number;
  readonly #total: number;
  readonly #onRoom: () => void;
  readonly #windows = new Map<string, Window>();
  readonly #known = new Set<string>();
  #onIdle: (() => void)[] = [];
  #turns = 0;
  #inFlight = 0;
  #running = 0;

  constructor(options: { size: number; total: number; onRoom: () => void }) {
    this.#size = options.size;
    this.#ahead = options.size * aheadPerSlot;
    this.#total = options.total;
    this.#onRoom = options.onRoom;
  }

  /** How many deliveries of this webhook should be claimed now: none until half of what was claimed ahead is used up. */
  room(window: string): number {
    const waiting = this.#windows.get(window)?.waiting.length ?? 0;
    return waiting > this.#ahead / 2 || this.#known.size > this.#total * 4 ? 0 : this.#ahead - waiting;
  }

  /** Takes a job in; false when this delivery is here already. */
  add(job: Job): boolean {
    if (this.#known.has(job.deliveryId)) return false;
    this.#known.add(job.deliveryId);
    const window = this.#windows.get(job.window) ?? { waiting: [], inFlight: 0, turn: 0 };
    this.#windows.set(job.window, window);
    const at = window.waiting.findIndex((other) => other.priority > job.priority);
    window.waiting.splice(at < 0 ? window.waiting.length : at, 0, job);
    this.#start(job.window, window);
    return true;
  }

  /** Deliveries that wait, are under way, or whose result is not kept yet. */
  known(): string[] {
    return [...this.#known];
  }

  /** Forgets what has not started, for a drain; what is under way goes on. */
  dropWaiting(): void {
    for (const window of this.#windows.values()) {
      for (const job of window.waiting.splice(0)) this.#known.delete(job.deliveryId);
    }
  }

  /** Resolves when nothing is under way and all results are kept. */
  idle(): Promise<void> {
    return this.#running === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve));
  }

  #start(name: string, window: Window): void {
    while (window.inFlight < this.#size && this.#inFlight < this.#total) {
      const job = window.waiting.shift();
      if (job === undefined) return;
      this.#turns += 1;
      window.turn = this.#turns;
      window.inFlight += 1;
      this.#inFlight += 1;
      this.#running += 1;
      void this.#run(job, name, window);
    }
  }

  async #run(job: Job, name: string, window: Window): Promise<void> {
    let held = true;
    const freeSlot = () => {
      if (!held) return;
      held = false;
      this.#freed(name, window);
    };
    await job.run(freeSlot);
    freeSlot();
    this.#known.delete(job.deliveryId);
    this.#running -= 1;
    if (this.#running === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #freed(name: string, window: Window): void {
    const wasFull = this.#inFlight >= this.#total;
    window.inFlight -= 1;
    this.#inFlight -= 1;
    // a slot of the total goes to the webhook that has waited longest for one
    const turns = wasFull ? [...this.#windows].toSorted(([, a], [, b]) => a.turn - b.turn) : [[name, window] as const];
    for (const [other, candidate] of turns) this.#start(other, candidate);
    if (window.inFlight === 0 && window.waiting.length === 0) this.#windows.delete(name);
    if (window.waiting.length <= this.#ahead / 2) this.#onRoom();
  }
}
