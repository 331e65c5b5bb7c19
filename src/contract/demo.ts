import Type, { type Static } from "typebox";
import { strict } from "./fields.ts";
import type { Route } from "./route.ts";

const Money = Type.String({ description: "decimal text" });

export const DemoPay = strict({
  /** Property that pays; without it the oldest open bills of all properties are paid. */
  matricula: Type.Optional(Type.Integer({ minimum: 1, maximum: 2147483647 })),
  count: Type.Optional(Type.Integer({ minimum: 1, maximum: 100000, default: 1 })),
  /** One bank file with all payments instead of one each. */
  as_file: Type.Optional(Type.Boolean({ default: false })),
});
export type DemoPay = Static<typeof DemoPay>;

export const DemoPaid = Type.Object({
  payments: Type.Integer(),
  first_id: Type.Integer(),
  last_id: Type.Integer(),
  movement_id: Type.Integer(),
  total: Money,
});

export const DemoClosed = Type.Object({
  /** YYYYMM */
  month: Type.Integer(),
  classified: Type.Integer(),
  moved: Type.Integer(),
  bills: Type.Integer(),
  total: Money,
});

export const DemoReverse = strict({ count: Type.Optional(Type.Integer({ minimum: 1, maximum: 100000, default: 1 })) });
export type DemoReverse = Static<typeof DemoReverse>;

export const DemoReversed = Type.Object({
  reversed: Type.Integer(),
  ids: Type.Array(Type.Integer()),
  from_history: Type.Integer(),
  total: Money,
});

export const DemoBase = strict({
  properties: Type.Integer({ minimum: 50, maximum: 2500000 }),
  seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 4294967295 })),
});
export type DemoBase = Static<typeof DemoBase>;

export const DemoProgress = Type.Object({
  step: Type.String(),
  properties_done: Type.Integer(),
  properties: Type.Integer(),
  rows: Type.Integer(),
  seconds: Type.Number(),
  rows_per_second: Type.Number(),
  done: Type.Boolean(),
});
export type DemoProgress = Static<typeof DemoProgress>;

export const demoRoutes = {
  "POST /v1/demo/pay": {
    summary: "Insert payments into the demo base the way GSAN does",
    permission: "demo:run",
    body: DemoPay,
    reply: DemoPaid,
    status: 200,
    errors: ["conflict"],
    demo: true,
  },
  "POST /v1/demo/close-month": {
    summary: "Close the month of the demo base",
    permission: "demo:run",
    reply: DemoClosed,
    status: 200,
    errors: ["conflict"],
    demo: true,
  },
  "POST /v1/demo/reverse": {
    summary: "Take back delivered payments of the demo base",
    permission: "demo:run",
    body: DemoReverse,
    reply: DemoReversed,
    status: 200,
    errors: ["conflict"],
    demo: true,
  },
  "POST /v1/demo/base": {
    summary: "Make the demo base anew; lines of progress, the last one with the result",
    permission: "demo:run",
    body: DemoBase,
    reply: DemoProgress,
    status: 200,
    errors: ["conflict"],
    stream: true,
    demo: true,
  },
} as const satisfies Record<string, Route>;
