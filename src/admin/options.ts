import type { DemoPort } from "../contract/demo-port.ts";
import type { RoleReadiness } from "../contract/status.ts";
import type { Db } from "../db/database.ts";
import type { Clock } from "../platform/clock.ts";
import type { Keyring } from "../platform/keyring.ts";
import type { Listen } from "../platform/listen.ts";
import type { Log } from "../platform/log.ts";

/** How far a policy epoch has got; see PolicyInForce of the contract. */
export type PolicyState = {
  state: "in_force" | "committed";
  nodes: readonly { node_id: string; epoch: bigint | string; milliseconds: number }[];
  latest?: string;
};

export type AdminOptions = {
  listen: Listen;
  /** Host header values served besides localhost, 127.0.0.1 and [::1]: names, with or without port. */
  hosts: readonly string[];
  db: Db;
  clock: Clock;
  keyring: Keyring;
  log: Log;
  readiness: () => readonly RoleReadiness[];
  /** Asked after the commit of a change that must not be late. */
  policyInForce: (epoch: bigint) => Promise<PolicyState>;
  /** Present in demo mode alone. */
  demo?: DemoPort;
  /** Told of each new token before its reply leaves: the demo keeps its own in demo.json. */
  onTokenIssued?: (issued: { access_id: string; token: string }) => Promise<void>;
  /** How long a call may take before it is answered `store-away`; default 20 s. Demo commands are not bounded. */
  deadlineMs?: number;
};
