/** What an admin API key may do. `operator` stands for all of them. */
export const scopeTable = {
  operator: "everything at the tenant",
  "tenants:write": "create a tenant",
  "partners:read": "see partners",
  "partners:write": "create partners",
  "licenses:read": "see licenses",
  "licenses:write": "create licenses",
  "clients:read": "see clients",
  "clients:write": "create clients",
  "accesses:read": "see accesses",
  "accesses:write": "create accesses",
  "tokens:read": "see tokens (never their values)",
  "tokens:write": "create, regenerate and revoke tokens",
  "webhooks:read": "see webhooks",
  "webhooks:write": "create and test webhooks",
  "services:read": "see services and their operations",
  "services:write": "register services",
  "keys:write": "create admin API keys",
  "events:read": "see events",
  "events:write": "hand in events of the key's types",
  "deliveries:read": "see deliveries and their attempts",
  "audit:read": "read the audit",
  "status:read": "see the state of the platform",
  "demo:run": "move the demo base",
} as const satisfies Record<string, string>;

export type Scope = keyof typeof scopeTable;

export function isScope(text: string): text is Scope {
  return Object.hasOwn(scopeTable, text);
}
