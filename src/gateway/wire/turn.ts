/**
 * Work of many connections, done together once a turn of the event loop, after its sockets were read: the same code then
 * runs for all of them in a row and stays in the processor's caches, out of which each read or write between two requests
 * throws it (docs/performance.md). Work of one connection keeps its order. Alone, it waits for nothing but the turn's end.
 */
class Turn {
  #work: (() => void)[] = [];

  add(work: () => void): void {
    if (this.#work.length === 0) setImmediate(() => this.#run());
    this.#work.push(work);
  }

  #run(): void {
    const work = this.#work;
    this.#work = [];
    for (const one of work) one();
  }
}

/** What came in on any connection. */
export const arrivals = new Turn();

/** What goes out on any connection. */
export const departures = new Turn();
