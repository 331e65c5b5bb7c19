/** Something that ends by itself at an instant unless it is done before. */
export type Expiring = { dueMs: number; expire(): void };

const grainMs = 20;

/**
 * Deadlines of many short exchanges, looked at each 20 ms together: a timer of its own would cost each as much as a
 * header. They come up to 20 ms late, never early. The clock is `performance.now`.
 */
export class Deadlines {
  readonly #pending = new Set<Expiring>();
  #timer: NodeJS.Timeout | undefined;

  add(one: Expiring): void {
    this.#pending.add(one);
    this.#timer ??= setInterval(() => this.#look(), grainMs);
  }

  remove(one: Expiring): void {
    this.#pending.delete(one);
  }

  #look(): void {
    if (this.#pending.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const now = performance.now();
    for (const one of this.#pending) {
      if (one.dueMs > now) continue;
      this.#pending.delete(one);
      one.expire();
    }
  }
}
