import type { Call } from "../call.ts";
import type { TakenHeaders } from "../http/read-headers.ts";
import { nothingRead } from "../open-call.ts";
import { compileSnapshot } from "../policy/compile-snapshot.ts";
import { createContractCache } from "../policy/contract-cache.ts";
import type { PolicyRows } from "../policy/policy-rows.ts";
import type { AccessPolicy, Snapshot } from "../policy/snapshot.ts";
import { Refusal } from "../refusal.ts";
import { keys, now } from "./test-policy.ts";

/** A call in the middle of its way, for tests of one step. */
export function testCall(more: Partial<Omit<Call, "headers">> & { headers?: Partial<TakenHeaders> } = {}): Call {
  const { headers, ...rest } = more;
  return {
    requestId: "req_test",
    entryId: "aud_test",
    at: now,
    startedMs: 1_000,
    method: "GET",
    path: "/v1/properties/1",
    query: "",
    address: "127.0.0.1",
    certificate: undefined,
    hasBody: false,
    readBody: () => Promise.reject(new Error("this body must not be read")),
    seen: {},
    ...rest,
    headers: { ...nothingRead("").headers, host: "gateway", ...headers },
  };
}

export function compile(rows: PolicyRows): Snapshot {
  return compileSnapshot(rows, {
    keys,
    contracts: createContractCache(),
    onFault(_serviceId, error) {
      throw error;
    },
  });
}

/** The access of the policy's only token. */
export function onlyAccess(snapshot: Snapshot): AccessPolicy {
  const [token] = [...snapshot.tokens.values()];
  if (token === undefined) throw new Error("the policy has no token");
  return token.access;
}

/** Code and clause of what a step throws; "passed" when it throws nothing. */
export async function refusalOf(step: () => unknown): Promise<string> {
  try {
    await step();
    return "passed";
  } catch (error) {
    if (error instanceof Refusal) return `${error.code} ${error.more.clause}`;
    throw error;
  }
}
