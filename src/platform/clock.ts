/** Where time comes from; an argument, so that tests can set it. */
export type Clock = {
  /** Wall clock, for what people and other systems read. */
  now(): Date;
  /** Milliseconds that never go back, for durations and leases. */
  monotonicMs(): number;
};

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
};
