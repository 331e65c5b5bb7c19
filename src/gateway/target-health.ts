/** What the health checks found is read so often: a target that went down is found by its own failures sooner. */
const everyMs = 2_000;

type HealthSource = {
  read(): Promise<ReadonlySet<string>>;
  use(down: ReadonlySet<string>): void;
};

/**
 * Keeps the node's view of the targets that health checks call down. While the store is away nothing is known of them, so
 * none counts as down: old news must not keep calls from a target that is back.
 */
export function startTargetHealth({ read, use }: HealthSource): { stop: () => Promise<void> } {
  let reading: Promise<void> | undefined;
  const turn = (): void => {
    reading ??= read()
      .then(use, () => use(new Set()))
      .finally(() => {
        reading = undefined;
      });
  };
  turn();
  const timer = setInterval(turn, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await reading;
    },
  };
}
