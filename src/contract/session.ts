import Type, { type Static } from "typebox";
import { Id, Instant, nullable, page, pageQuery, strict, text } from "./fields.ts";
import type { Route } from "./route.ts";
import { Email, RoleName } from "./user.ts";

/** A signed-in browser. */
export const Session = Type.Object({
  session_id: Id,
  /** The session that asks. */
  current: Type.Boolean(),
  method: Type.Enum(["password", "passkey", "link", "oidc"]),
  created_at: Instant,
  /** To within a minute. */
  last_seen_at: Instant,
  expires_at: Instant,
  second_factor_at: nullable(Instant),
});
export type Session = Static<typeof Session>;

/** Who is signed in. The session itself is in the cookie alone. */
export const SignedIn = Type.Object({
  user_id: Id,
  tenant_id: Id,
  session_id: Id,
  roles: Type.Array(RoleName),
  scopes: Type.Array(Type.String()),
  partner_ids: Type.Array(Id),
  /** Sent back in the header `aqueduto-csrf` of every call that changes something. */
  csrf: Type.String(),
  /** given: all that the roles allow. needed: give one first. enroll: there is none yet, add one first. */
  second_factor: Type.Enum(["given", "needed", "enroll"]),
  /** Kinds that this user can give. */
  factors: Type.Array(Type.Enum(["totp", "passkey", "recovery_code"])),
  second_factor_at: nullable(Instant),
  expires_at: Instant,
});
export type SignedIn = Static<typeof SignedIn>;

/** 12 to 512 characters of any kind. */
export const Password = Type.String({ minLength: 12, maxLength: 512 });
const GivenPassword = Type.String({ minLength: 1, maxLength: 512 });
const Tenant = Type.Optional(Id);

/** A WebAuthn response in the JSON form of the browser's `toJSON()`; checked by the library. */
const CredentialResponse = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 2000 }),
    rawId: Type.String({ minLength: 1, maxLength: 2000 }),
    type: Type.Literal("public-key"),
    response: Type.Record(Type.String({ maxLength: 100 }), Type.Unknown(), { maxProperties: 20 }),
    clientExtensionResults: Type.Object({}),
  },
  { maxProperties: 10 },
);

export const PasskeyAnswer = strict({ challenge_id: Id, response: CredentialResponse });
export type PasskeyAnswer = Static<typeof PasskeyAnswer>;

/** `options` is what `PublicKeyCredential.parse…OptionsFromJSON` takes. */
export const PasskeyChallenge = Type.Object({ challenge_id: Id, options: Type.Object({ challenge: Type.String() }) });
export type PasskeyChallenge = Static<typeof PasskeyChallenge>;

export const PasswordSignIn = strict({
  email: Email,
  password: GivenPassword,
  /** Needed where the installation has several tenants. */ tenant_id: Tenant,
});
export type PasswordSignIn = Static<typeof PasswordSignIn>;

/** Exactly one of the three. */
export const SecondFactor = Type.Union([
  strict({ totp: Type.String({ pattern: "^[0-9]{6}$" }) }),
  strict({ recovery_code: Type.String({ minLength: 16, maxLength: 40 }) }),
  strict({ passkey: PasskeyAnswer }),
]);
export type SecondFactor = Static<typeof SecondFactor>;

/** `name` and `email` for the set-up link of a first start alone: it makes the first administrador. */
export const LinkUse = strict({
  link: Type.String({ pattern: "^aql_[A-Za-z0-9_-]{43}$" }),
  password: Password,
  name: Type.Optional(text(200)),
  email: Type.Optional(Email),
});
export type LinkUse = Static<typeof LinkUse>;

export const Factor = Type.Object({
  factor_id: Id,
  kind: Type.Enum(["totp", "passkey"]),
  name: Type.String(),
  created_at: Instant,
  last_used_at: nullable(Instant),
});
export type Factor = Static<typeof Factor>;

/** `recovery_codes` come with the first factor: ten, each good once, never shown again. */
export const AddedFactor = Type.Object({ ...Factor.properties, recovery_codes: Type.Array(Type.String()) });
export type AddedFactor = Static<typeof AddedFactor>;

const named = strict({ name: text(100) });

export const sessionRoutes = {
  "GET /v1/sign-in/providers": {
    summary: "List the tenant's sign-in providers, for the sign-in page",
    permission: null,
    query: strict({ tenant_id: Tenant }),
    reply: Type.Object({ items: Type.Array(Type.Object({ provider_id: Id, name: Type.String() })) }),
    status: 200,
    errors: ["sign-in-failed"],
  },
  "POST /v1/sign-in": {
    summary: "Sign in with e-mail and password",
    permission: null,
    body: PasswordSignIn,
    reply: SignedIn,
    status: 200,
    errors: ["sign-in-failed", "sign-in-locked"],
    cookie: true,
  },
  "POST /v1/sign-in/link": {
    summary: "Use a one-time link: set the password and sign in",
    permission: null,
    body: LinkUse,
    reply: SignedIn,
    status: 200,
    errors: ["conflict", "sign-in-failed", "sign-in-locked"],
    cookie: true,
  },
  "POST /v1/sign-in/passkey/options": {
    summary: "Begin a sign-in with a passkey alone",
    permission: null,
    body: strict({ tenant_id: Tenant }),
    reply: PasskeyChallenge,
    status: 200,
    errors: ["sign-in-failed", "sign-in-locked"],
  },
  "POST /v1/sign-in/passkey": {
    summary: "Sign in with a passkey that verified its user: both factors at once",
    permission: null,
    body: strict({ ...PasskeyAnswer.properties, tenant_id: Tenant }),
    reply: SignedIn,
    status: 200,
    errors: ["sign-in-failed", "sign-in-locked"],
    cookie: true,
  },
  "POST /v1/second-factor/passkey/options": {
    summary: "Begin to give a passkey as second factor",
    permission: "account:own",
    person: true,
    reply: PasskeyChallenge,
    status: 200,
    errors: ["conflict"],
  },
  "POST /v1/second-factor": {
    summary: "Give a second factor: finishes a sign-in, or confirms that the person is still there; the session gets a new cookie",
    permission: "account:own",
    person: true,
    body: SecondFactor,
    reply: SignedIn,
    status: 200,
    errors: ["sign-in-failed", "sign-in-locked"],
    cookie: true,
  },
  "POST /v1/sign-out": {
    summary: "End this session",
    permission: "account:own",
    person: true,
    reply: Type.Object({ session_id: Id }),
    status: 200,
    errors: ["sign-in-failed"],
    cookie: true,
  },
  "GET /v1/session": {
    summary: "Show who is signed in",
    permission: "account:own",
    person: true,
    reply: SignedIn,
    status: 200,
    errors: [],
  },
  "GET /v1/sessions": {
    summary: "List one's own open sessions, newest first; another user's for who may change users",
    permission: "account:own",
    person: true,
    query: strict({ ...pageQuery, user_id: Type.Optional(Id) }),
    reply: page(Session),
    status: 200,
    errors: [],
  },
  "POST /v1/sessions/{session_id}/end": {
    summary: "End one of one's own sessions; another user's for who may change users",
    permission: "account:own",
    person: true,
    params: strict({ session_id: Id }),
    reply: Type.Object({ session_id: Id }),
    status: 200,
    errors: [],
  },
  "POST /v1/password": {
    summary: "Change one's password; the other sessions end",
    permission: "account:own",
    person: true,
    body: strict({ current: GivenPassword, password: Password }),
    reply: Type.Object({ ended_sessions: Type.Integer() }),
    status: 200,
    errors: ["second-factor-required", "sign-in-failed", "sign-in-locked"],
  },
  "GET /v1/factors": {
    summary: "List one's second factors",
    permission: "account:own",
    person: true,
    reply: Type.Object({ items: Type.Array(Factor), recovery_codes_left: Type.Integer() }),
    status: 200,
    errors: [],
  },
  "POST /v1/factors/totp": {
    summary: "Begin to add an authenticator app; the secret is shown once",
    permission: "account:own",
    person: true,
    body: named,
    reply: Type.Object({ factor_id: Id, secret: Type.String(), uri: Type.String() }),
    status: 201,
    errors: ["conflict", "second-factor-required"],
  },
  "POST /v1/factors/{factor_id}/confirm": {
    summary: "Prove an authenticator app by its first code",
    permission: "account:own",
    person: true,
    params: strict({ factor_id: Id }),
    body: strict({ totp: Type.String({ pattern: "^[0-9]{6}$" }) }),
    reply: AddedFactor,
    status: 200,
    errors: ["conflict", "second-factor-required", "sign-in-failed", "sign-in-locked"],
    cookie: true,
  },
  "POST /v1/factors/passkey/options": {
    summary: "Begin to add a passkey",
    permission: "account:own",
    person: true,
    reply: PasskeyChallenge,
    status: 200,
    errors: ["conflict", "second-factor-required"],
  },
  "POST /v1/factors/passkey": {
    summary: "Add the passkey that the browser made",
    permission: "account:own",
    person: true,
    body: strict({ ...named.properties, ...PasskeyAnswer.properties }),
    reply: AddedFactor,
    status: 201,
    errors: ["conflict", "second-factor-required", "sign-in-failed"],
    cookie: true,
  },
  "POST /v1/factors/{factor_id}/remove": {
    summary: "Remove a second factor; the last one stays",
    permission: "account:own",
    person: true,
    params: strict({ factor_id: Id }),
    reply: Type.Object({ factor_id: Id }),
    status: 200,
    errors: ["conflict", "second-factor-required"],
  },
  "POST /v1/recovery-codes": {
    summary: "Replace one's recovery codes; the new ones are shown once",
    permission: "account:own",
    person: true,
    reply: Type.Object({ recovery_codes: Type.Array(Type.String()) }),
    status: 201,
    errors: ["conflict", "second-factor-required"],
  },
} as const satisfies Record<string, Route>;
