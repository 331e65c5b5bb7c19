/**
 * The closed catalogue of what the admin log can tell: `<noun>.<verb>`, the noun being the table, the folder and the
 * page of the same name. Append only: entries of years ago still have to be readable.
 */
export const adminActions = [
  "tenant.create",
  "partner.create",
  "service.register",
  "license.create",
  "client.create",
  "access.create",
  "token.create",
  "token.regenerate",
  "token.revoke",
  "token.end",
  "webhook.create",
  "webhook.check",
  "webhook.verify",
  "webhook.move",
  "webhook.disable",
  "delivery.end",
  "key.create",
  "base.register",
  "event.ingest",
  "demo.base",
  "demo.pay",
  "demo.close_month",
  "demo.reverse",
] as const;

export type AdminAction = (typeof adminActions)[number];
