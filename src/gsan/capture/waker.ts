/** A pause that can be cut short. */
export type Waker = { wait(ms: number): Promise<void>; wake(): void };

export function createWaker(): Waker {
  let wake: (() => void) | undefined;
  return {
    wait: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(end, ms);
        function end(): void {
          clearTimeout(timer);
          wake = undefined;
          resolve();
        }
        wake = end;
      }),
    wake: () => wake?.(),
  };
}
