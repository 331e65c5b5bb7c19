/** What an admin API key may do. `operator` stands for all of them. */
export const scopeTable = {
  operator: "everything at the tenant",
  "tenants:write": "create a tenant",
  "partners:read": "see partners",
  "partners:write": "create, disable, enable and revoke partners",
  "licenses:read": "see licenses",
  "licenses:write": "draft, submit, suspend and end licenses",
  "licenses:approve": "approve licenses (people only)",
  "licenses:people": "see the responsible person and the encarregado of licenses",
  "approval-mode:write": "choose whether opening personal data takes two persons (people only)",
  "clients:read": "see clients",
  "clients:write": "create, disable, enable and revoke clients",
  "accesses:read": "see accesses",
  "accesses:write": "create, change, disable, enable and revoke accesses",
  "tokens:read": "see tokens (never their values)",
  "tokens:write": "create, register, regenerate and revoke tokens",
  "addresses:read": "see addresses and user agents of callers",
  "kill-switches:read": "see kill switches",
  "kill-switches:write": "set kill switches; signed-in people also undo them",
  "webhooks:read": "see webhooks",
  "webhooks:write": "create and test webhooks",
  "services:read": "see services",
  "operations:read": "see the known operations",
  "services:write": "register services, change their targets, credentials and operations",
  "privacy:read": "see the record of processing (LGPD art. 37)",
  "subjects:read": "ask who received data of a person (LGPD art. 18)",
  "incidents:read": "see the incident register",
  "incidents:write": "open incidents and move them on",
  "keys:read": "see admin API keys (never their text)",
  "keys:write": "create admin API keys",
  "users:read": "see users",
  "users:write": "invite, change, disable and reset users; end their sessions; set up sign-in providers",
  "account:own": "manage one's own sign-in: sessions, password, second factors",
  "keyring:read": "see the keys of the installation (never their bytes)",
  "keyring:write": "rotate the keys of the installation",
  "events:read": "see events",
  "events:write": "hand in events of the key's types",
  "deliveries:read": "see deliveries and their attempts",
  "audit:read": "read the audit",
  "alerts:read": "see alerts",
  "alerts:write": "acknowledge alerts",
  "metrics:read": "read the metrics of the process, those of all tenants (GET /metrics)",
  "requests:read": "explain a call of a partner by its request id, and check the proof of an error",
  "status:read": "see the state of the platform",
  "demo:run": "move the demo base",
} as const satisfies Record<string, string>;

export type Scope = keyof typeof scopeTable;

/** Held by people alone: an API key can neither get nor use them, whatever stands in its row. */
export const approvalScopes: readonly Scope[] = ["licenses:approve", "approval-mode:write"];

/** Of whoever is signed in, about themselves; an API key has no self. */
export const ownScopes: readonly Scope[] = ["account:own"];

export function isScope(text: string): text is Scope {
  return Object.hasOwn(scopeTable, text);
}
