import { randomBytes } from "node:crypto";
import { type AdminOptions } from "../../src/admin/options.ts";
import { startAdmin } from "../../src/admin/start-admin.ts";
import type { DemoPort } from "../../src/contract/demo-port.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createLog } from "../../src/platform/log.ts";
import { requireContractForm } from "./contract-form.ts";

export type TestAdmin = { url: string; send(method: string, path: string, more?: SendOptions): Promise<TestReply> } & AsyncDisposable;
export type SendOptions = { key?: string; body?: unknown; text?: string | Uint8Array<ArrayBuffer>; headers?: Record<string, string> };
export type TestReply = { status: number; headers: Headers; text: string; json: unknown };

/** The admin API on a free loopback port, every role ready and every policy in force unless told otherwise. */
export async function startTestAdmin(options: Pick<AdminOptions, "db" | "keyring"> & Partial<AdminOptions>): Promise<TestAdmin> {
  const admin = await startAdmin({
    listen: { host: "127.0.0.1", port: 0 },
    hosts: [],
    clock: systemClock,
    log: createLog("silent"),
    readiness: () => [{ role: "admin", ready: true }],
    policyInForce: async () => ({ state: "in_force", nodes: [] }),
    makeKey: (purpose) => ({ kid: randomBytes(4).toString("hex"), purpose, check_value: randomBytes(32), state: "next" }),
    ...options,
  });
  return {
    url: admin.url,
    send: (method, path, more = {}) => send(admin.url, method, path, more),
    [Symbol.asyncDispose]: () => admin.drain(),
  };
}

async function send(url: string, method: string, path: string, more: SendOptions): Promise<TestReply> {
  const body = more.text ?? (more.body === undefined ? undefined : JSON.stringify(more.body));
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(more.key === undefined ? {} : { authorization: `Bearer ${more.key}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...more.headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  const reply = { status: response.status, headers: response.headers, text, json: parsed(text) };
  requireContractForm(method, path, reply);
  return reply;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A demo base that does nothing but answer in the agreed form. */
export const idleDemo: DemoPort = {
  pay: async (input) => ({ payments: input.count, first_id: 1, last_id: input.count, movement_id: 1, total: "10.00" }),
  closeMonth: async () => ({ month: 202601, classified: 0, moved: 0, bills: 0, total: "0.00" }),
  reverse: async (input) => ({ reversed: input.count ?? 1, ids: [1], from_history: 0, total: "10.00" }),
  async *base(input) {
    for (const done of [false, true]) {
      yield {
        step: done ? "ready" : "fill",
        properties_done: 0,
        properties: input.properties,
        rows: 0,
        seconds: 0,
        rows_per_second: 0,
        done,
      };
    }
  },
};
