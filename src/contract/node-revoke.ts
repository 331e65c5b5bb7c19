/** Asked of one node over its local socket: a token, or all tokens of an access. */
export type NodeRevoke = { token_id: string } | { access_id: string };

/** What that node refuses from now on; the store, and with it every other node, once it has the node's journal. */
export type NodeRevoked = { node_id: string; token_ids: string[]; requested_at: string };

const idForm = /^[a-z0-9_]{1,64}$/;

/** Undefined when it asks for nothing, or for more than one thing. */
export function readNodeRevoke(asked: unknown): NodeRevoke | undefined {
  if (typeof asked !== "object" || asked === null) return undefined;
  const [member, more] = Object.entries(asked);
  if (member === undefined || more !== undefined) return undefined;
  const [name, id] = member as [string, unknown];
  if (typeof id !== "string" || !idForm.test(id)) return undefined;
  if (name === "token_id") return { token_id: id };
  return name === "access_id" ? { access_id: id } : undefined;
}
