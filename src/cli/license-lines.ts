import type { Reply } from "../contract/routes.ts";

type License = Reply<"GET /v1/licenses/{license_id}">;
type Content = Reply<"GET /v1/licenses/{license_id}/versions/{version}">["content"];

/** A license for people. */
export function licenseLines(one: License): string[] {
  const open = one.open_version;
  return [
    `${one.license_id}  ${one.name}  (version ${one.version}, ${one.state}${one.state_reason === null ? "" : `: ${one.state_reason}`})`,
    ...(open === null ? [] : [`on its way  version ${open.version}, ${open.state}`]),
    `partner     ${one.partner_id}`,
    ...contentLines(one),
    `approval    ${one.approval_mode.mode === "two_persons" ? "two persons" : `single approver: ${one.approval_mode.reason ?? ""}`}`,
  ];
}

/** What a license or one of its versions says. */
export function contentLines(of: Content): string[] {
  const scope = of.object_scope;
  const parts =
    scope === null
      ? []
      : Object.entries(scope).map(([name, value]) => `${name}=${Array.isArray(value) ? value.length : (value?.count ?? 0)}`);
  return [
    `purpose     ${of.purpose}`,
    `legal basis ${of.legal_basis}`,
    `term        ${of.starts_at} to ${of.ends_at}`,
    `limit       ${of.rate_per_second}/s, ${of.burst} at once; ${of.quota_day ?? "no limit"} a day, ${of.quota_month ?? "no limit"} a month`,
    ...(scope === null ? [] : [`scope       ${parts.join(" ")}`]),
    ...of.operations.map((op) =>
      `operation   ${op.operation_id}  ${pairs(op.projection)}${op.fields === undefined ? "" : `  only ${op.fields.join(" ")}`}`.trimEnd(),
    ),
    ...of.events.map((event) => `event       ${event.event_type} (${event.variant})`),
  ];
}

function pairs(projection: Record<string, string>): string {
  return Object.entries(projection)
    .map((pair) => pair.join("="))
    .join(" ");
}
