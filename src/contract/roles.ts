import { approvalScopes, type Scope, scopeTable } from "./scopes.ts";

/** What people are at a utility: titles for screens, and what each is for. */
export const roleTable = {
  administrador: { titulo: "Administrador", purpose: "sets up people, keys and sign-in; may do everything" },
  operador: { titulo: "Operador", purpose: "drafts licenses and runs partners, accesses, tokens and webhooks; does not approve" },
  integrador: { titulo: "Integrador", purpose: "a partner's own user: runs the accesses, tokens and webhooks of its partners alone" },
  auditor: { titulo: "Auditor", purpose: "reads everything, changes nothing" },
  encarregado: { titulo: "Encarregado", purpose: "data protection officer: reads everything, approves what reaches personal data" },
  suporte: { titulo: "Suporte", purpose: "helps partners: reads what runs, with names and contacts masked" },
} as const satisfies Record<string, { titulo: string; purpose: string }>;

export type Role = keyof typeof roleTable;

export const roles = ["administrador", "operador", "integrador", "auditor", "encarregado", "suporte"] as const satisfies readonly Role[];

const partnerScopes: readonly Scope[] = [
  "partners:read",
  "licenses:read",
  "clients:read",
  "accesses:read",
  "tokens:read",
  "webhooks:read",
  "deliveries:read",
  "operations:read",
  "requests:read",
];

const readScopes: readonly Scope[] = [
  ...partnerScopes,
  "kill-switches:read",
  "services:read",
  "events:read",
  "audit:read",
  "status:read",
  "alerts:read",
  "keys:read",
  "users:read",
];

/** Scopes of the platform itself, which no person holds: `operator` is an API key's word, tenants are made at a start. */
const notForPeople: ReadonlySet<Scope> = new Set<Scope>(["operator", "tenants:write", "events:write"]);

function isForPeople(scope: Scope): boolean {
  return !notForPeople.has(scope);
}

/** What each role may do. A scope that is new goes to the administrador alone until it is named here. */
const scopesOfRole: Record<Role, readonly Scope[]> = {
  administrador: Object.keys(scopeTable).filter(isScopeOfTable).filter(isForPeople),
  operador: [
    ...readScopes,
    "account:own",
    "partners:write",
    "licenses:write",
    "licenses:people",
    "clients:write",
    "accesses:write",
    "tokens:write",
    "addresses:read",
    "kill-switches:write",
    "webhooks:write",
    "services:write",
    "alerts:write",
    "demo:run",
  ],
  integrador: [
    ...partnerScopes,
    "audit:read",
    "account:own",
    "clients:write",
    "accesses:write",
    "tokens:write",
    "addresses:read",
    "webhooks:write",
    "keys:read",
    "keys:write",
  ],
  auditor: [...readScopes, "addresses:read", "licenses:people", "privacy:read", "incidents:read", "account:own"],
  // also sets and undoes kill switches: opening personal data again is an approval
  encarregado: [
    ...readScopes,
    "kill-switches:write",
    "alerts:write",
    "addresses:read",
    "account:own",
    "licenses:people",
    "licenses:approve",
    "privacy:read",
    "subjects:read",
    "incidents:read",
    "incidents:write",
  ],
  suporte: [...partnerScopes, "services:read", "events:read", "status:read", "users:read", "account:own"],
};

/** Everything that these roles together may do. */
export function scopesOf(held: readonly Role[]): Scope[] {
  return [...new Set(held.flatMap((role) => scopesOfRole[role]))];
}

/** Whether a role may approve. */
export function mayApprove(role: Role): boolean {
  return scopesOfRole[role].some((scope) => approvalScopes.includes(scope));
}

/**
 * Whether a role may open what is closed: approve, or give back what a kill switch turned off. Only a person who just gave
 * a second factor may hand it out.
 */
export function mayOpen(role: Role): boolean {
  return mayApprove(role) || scopesOfRole[role].includes("kill-switches:write");
}

export function isRole(text: string): text is Role {
  return Object.hasOwn(roleTable, text);
}

function isScopeOfTable(text: string): text is Scope {
  return Object.hasOwn(scopeTable, text);
}
