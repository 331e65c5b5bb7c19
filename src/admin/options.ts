import type { DemoPort } from "../contract/demo-port.ts";
import type { RoleReadiness } from "../contract/status.ts";
import type { Db } from "../db/database.ts";
import type { Clock } from "../platform/clock.ts";
import type { KeyMaker } from "../control/keyring/rotate.ts";
import type { OldPepperHit } from "../control/keyring/digest-rewriter.ts";
import type { OwnPlaces } from "../control/service/forbidden-target.ts";
import type { Keyring } from "../platform/keyring.ts";
import type { Listen } from "../platform/listen.ts";
import type { Metrics } from "../platform/metrics.ts";
import type { Log } from "../platform/log.ts";

/** How far a policy epoch has got; see PolicyInForce of the contract. */
export type PolicyState = {
  state: "in_force" | "committed";
  nodes: readonly { node_id: string; epoch: bigint | string; milliseconds: number; in_force: boolean; latest?: string }[];
  latest?: string;
};

export type AdminOptions = {
  listen: Listen;
  /** Proxies (addresses or CIDR blocks) whose forwarded client address is believed; default: none. */
  trustedProxies?: readonly string[];
  /** Host header values served besides localhost, 127.0.0.1 and [::1]: names, with or without port. */
  hosts: readonly string[];
  db: Db;
  clock: Clock;
  keyring: Keyring;
  log: Log;
  /** Shown at GET /metrics. */
  metrics?: Metrics;
  readiness: () => readonly RoleReadiness[];
  /** Asked after the commit of a change that must not be late. */
  policyInForce: (epoch: bigint) => Promise<PolicyState>;
  /** Where the platform listens and its store is: no service may lie there. */
  ownPlaces?: OwnPlaces;
  /** Makes the file of a new key on this node. */
  makeKey: KeyMaker;
  /** Told of each API key that was found under the pepper before. */
  onOldPepper?: (hit: OldPepperHit) => void;
  /** Present in demo mode alone. */
  demo?: DemoPort;
  /** Told of each new token before its reply leaves: the demo keeps its own in demo.json. */
  onTokenIssued?: (issued: { access_id: string; token: string }) => Promise<void>;
  /** How long a call may take before it is answered `store-away`; default 20 s. Demo commands are not bounded. */
  deadlineMs?: number;
};
