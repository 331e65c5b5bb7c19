import Type, { type Static } from "typebox";
import { Id, Instant, nullable, page, pageQuery, strict, text } from "./fields.ts";
import { PolicyInForce, Reason, Revoking } from "./policy-in-force.ts";
import type { Route } from "./route.ts";

/** What one switch turns off: all that hangs on one token, access, license, partner or service, or the whole tenant. */
export const KillLevel = Type.Enum(["token", "access", "license", "partner", "service", "all"]);
export type KillLevel = Static<typeof KillLevel>;

export const KillSwitch = Type.Object({
  switch_id: Id,
  level: KillLevel,
  /** Null for `all`. */
  target_id: nullable(Id),
  reason: Type.String(),
  set_at: Instant,
  set_by: Type.String(),
  undone_at: nullable(Instant),
  undone_by: nullable(Type.String()),
  undone_reason: nullable(Type.String()),
});
export type KillSwitch = Static<typeof KillSwitch>;

export const NewKillSwitch = strict({ level: KillLevel, target_id: Type.Optional(Id), reason: text(200) });
export type NewKillSwitch = Static<typeof NewKillSwitch>;

const SetKillSwitch = Type.Object({ switch_id: Id, level: KillLevel, target_id: nullable(Id), set_at: Instant, ...Revoking.properties });
export type SetKillSwitch = Static<typeof SetKillSwitch>;

const UndoneKillSwitch = Type.Object({ switch_id: Id, undone_at: Instant, ...PolicyInForce.properties });
export type UndoneKillSwitch = Static<typeof UndoneKillSwitch>;

export const killSwitchRoutes = {
  "POST /v1/kill-switches": {
    summary: "Turn off a token, access, license, partner, service or everything, at once; 202 while some node has not confirmed it",
    permission: "kill-switches:write",
    body: NewKillSwitch,
    reply: SetKillSwitch,
    status: 200,
    errors: ["conflict"],
  },
  "GET /v1/kill-switches": {
    summary: "List kill switches, newest first",
    permission: "kill-switches:read",
    query: strict({ ...pageQuery, level: Type.Optional(KillLevel), state: Type.Optional(Type.Enum(["on", "undone"])) }),
    reply: page(KillSwitch),
    status: 200,
    errors: [],
  },
  "GET /v1/kill-switches/{switch_id}": {
    summary: "Show a kill switch",
    permission: "kill-switches:read",
    params: strict({ switch_id: Id }),
    reply: KillSwitch,
    status: 200,
    errors: [],
  },
  "POST /v1/kill-switches/{switch_id}/undo": {
    summary: "Give back what a kill switch turned off: a signed-in person, a second one where personal data opens again",
    permission: "kill-switches:write",
    params: strict({ switch_id: Id }),
    body: Reason,
    reply: UndoneKillSwitch,
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
