import Type, { type Static } from "typebox";
import { Id, Instant, nullable, page, pageQuery, strict, text } from "./fields.ts";
import type { Route } from "./route.ts";

const Purpose = Type.Enum(["pepper", "data", "reference", "subject"]);

/** A key of the installation: never its bytes. */
export const InstallationKey = Type.Object({
  kid: Id,
  purpose: Purpose,
  /** next: read by every node, used by none yet; live: makes what is new; old: still opens what it made; ended: not needed. */
  state: Type.Enum(["next", "live", "old", "ended"]),
  /** HMAC-SHA-256(key, "aqueduto-check") in hexadecimal: tells whether a file holds this key. */
  check_value: Type.String(),
  created_at: Instant,
  /** When an old pepper ends at the latest; null = when nothing stands under it any more. */
  ends_at: nullable(Instant),
  ended_at: nullable(Instant),
  /** Rows that need this key, of every tenant. Sealed addresses of the audit are not counted: they stay under their key. */
  rows: Type.Integer(),
});
export type InstallationKey = Static<typeof InstallationKey>;

const Keyring = Type.Object({ keys: Type.Array(InstallationKey) });

export const Rotate = strict({ purpose: Type.Enum(["pepper", "data"]), reason: text(200) });
export type Rotate = Static<typeof Rotate>;

/** `live_from`: when the key begins to make what is new; until then every node gets to know it. */
export const RotatedKey = Type.Object({ kid: Id, purpose: Purpose, state: Type.Enum(["next"]), live_from: Instant });
export type RotatedKey = Static<typeof RotatedKey>;

export const EndPepper = strict({
  /** At least 24 hours ahead: whose token still stands under the pepper has to hear of it before. */
  ends_at: Instant,
  reason: text(200),
});
export type EndPepper = Static<typeof EndPepper>;

/** `accesses`: how many of this tenant still stand under the pepper; each got a notice in its admin log. */
export const EndingPepper = Type.Object({ kid: Id, ends_at: Instant, accesses: Type.Integer() });
export type EndingPepper = Static<typeof EndingPepper>;

const PepperUse = Type.Object({
  token_id: Id,
  access_id: Id,
  client_id: Id,
  license_id: Id,
  state: Type.Enum(["live", "retiring", "ended"]),
});
export type PepperUse = Static<typeof PepperUse>;

const one = strict({ kid: Id });

export const keyringRoutes = {
  "GET /v1/keyring": {
    summary: "List the keys of the installation and how many rows need each",
    permission: "keyring:read",
    reply: Keyring,
    status: 200,
    errors: [],
  },
  "POST /v1/keyring/rotate": {
    summary: "Make a new pepper or data key; it goes live once every node knows it, and rows follow in the background",
    permission: "keyring:write",
    body: Rotate,
    reply: RotatedKey,
    status: 201,
    errors: ["conflict"],
    creates: true,
  },
  "GET /v1/keyring/{kid}/accesses": {
    summary: "List the tokens of this tenant that still stand under a pepper",
    permission: "keyring:read",
    params: one,
    query: strict(pageQuery),
    reply: page(PepperUse),
    status: 200,
    errors: [],
  },
  "POST /v1/keyring/{kid}/end": {
    summary: "Set when an old pepper ends, and give notice to the accesses still on it",
    permission: "keyring:write",
    params: one,
    body: EndPepper,
    reply: EndingPepper,
    status: 200,
    errors: ["conflict"],
  },
} as const satisfies Record<string, Route>;
