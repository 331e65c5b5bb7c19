/**
 * What the admin routes of demo mode may ask of the synthetic GSAN base. main.ts injects the implementation
 * (gsan/demo), so that admin never imports gsan. Every promise settles after the commit in the GSAN database.
 */
export type DemoPort = {
  /** Inserts payments the way GSAN does; all of them in one transaction. */
  pay(input: DemoPayInput): Promise<DemoPayResult>;
  /** Classifies what is open and moves the classified payments to the history: no event may come of it. */
  closeMonth(): Promise<DemoCloseResult>;
  /** Takes back the newest payments made by `pay`: each becomes one reversal. */
  reverse(input: DemoReverseInput): Promise<DemoReverseResult>;
  /** Builds the base anew and reports how far it is; the last object has `done: true`. */
  base(input: DemoBaseInput): AsyncIterable<DemoBaseProgress>;
};

export type DemoPayInput = {
  /** Property that pays; without it the oldest open bills of all properties are paid. */
  matricula?: number;
  /** Number of payments, 1 to 100,000. */
  count: number;
  /** true: one bank file with `count` lines; false: `count` files of one line each. */
  as_file: boolean;
};

export type DemoPayResult = {
  payments: number;
  first_id: number;
  last_id: number;
  /** The bank file; with `as_file: false` the first of them. */
  movement_id: number;
  /** Decimal text, e.g. "85.40". */
  total: string;
};

export type DemoCloseResult = {
  /** Closing month, YYYYMM. */
  month: number;
  /** Payments that got a status in this run. */
  classified: number;
  /** Payments moved to the history. */
  moved: number;
  /** Bills moved to the history. */
  bills: number;
  /** Decimal text: sum of the moved payments. */
  total: string;
};

export type DemoReverseInput = {
  /** Number of payments to take back; 1 when left out. */
  count?: number;
};

export type DemoReverseResult = {
  reversed: number;
  /** Payment ids, newest first. */
  ids: number[];
  /** How many of them a closing had moved to the history before. */
  from_history: number;
  /** Decimal text: sum of the payments taken back. */
  total: string;
};

export type DemoBaseInput = {
  /** Number of properties, 50 to 2,500,000. */
  properties: number;
  /** Same seed and same reference date give the same base. */
  seed?: number;
};

export type DemoBaseProgress = {
  /** What is being done now: create, fill, constraints, analyze, grants, swap, ready. */
  step: string;
  properties_done: number;
  properties: number;
  /** Rows written so far. */
  rows: number;
  seconds: number;
  /** Rows divided by all seconds since the start, index building included. */
  rows_per_second: number;
  done: boolean;
};
