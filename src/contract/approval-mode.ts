import Type, { type Static } from "typebox";
import { Instant, nullable, strict, text } from "./fields.ts";
import type { Route } from "./route.ts";

/**
 * Who may open personal data: `two_persons`, or `single_approver` at a utility with one user, who then approves what the
 * same person wrote. Shown on every license, on /v1/status and in the record of processing.
 */
export const ApprovalMode = Type.Object({
  mode: Type.Enum(["two_persons", "single_approver"]),
  reason: nullable(Type.String()),
  since: nullable(Instant),
});
export type ApprovalMode = Static<typeof ApprovalMode>;

export const NewApprovalMode = strict({ mode: Type.Enum(["two_persons", "single_approver"]), reason: text(500) });
export type NewApprovalMode = Static<typeof NewApprovalMode>;

export const approvalModeRoutes = {
  "GET /v1/approval-mode": {
    summary: "Show whether opening personal data takes two persons",
    permission: "licenses:read",
    query: strict({}),
    reply: ApprovalMode,
    status: 200,
    errors: [],
    etag: true,
  },
  "PUT /v1/approval-mode": {
    summary: "Choose two persons or a single approver; people only, with the reason",
    permission: "approval-mode:write",
    body: NewApprovalMode,
    reply: ApprovalMode,
    status: 200,
    errors: ["conflict"],
    ifMatch: "GET /v1/approval-mode",
  },
} as const satisfies Record<string, Route>;
