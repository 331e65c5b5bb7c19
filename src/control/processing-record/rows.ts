import { eventType } from "../../contract/event-types.ts";
import type { LicenseContent } from "../../contract/license-content.ts";
import type { ProcessingRow } from "../../contract/processing-record.ts";
import type { Tx } from "../../db/database.ts";
import { isoOrNull } from "../instants.ts";
import { shownCategories } from "./categories.ts";
import type { LicenseVersionRow } from "./export.ts";
import type { Period } from "./period.ts";
import { volumeKey, type Volume, type Volumes } from "./volumes.ts";

type From = { version: LicenseVersionRow; period: Period; volumes: Volumes; approval: string };

const nothing: Volume = { answered: 0, refused: 0, first_at: null, last_at: null };

/** What holds today: no job of this release deletes entries; retention is set when a month's partition is dropped. */
const retention = "calls: kept until the operator drops their month; changes, deliveries' outcome and this record: kept";

/**
 * The rows of one version: its operations with calls and its event types with deliveries in the period; while it is the
 * published one and its term touches the period, also those without; and event types that it held in the period and the
 * next version dropped or grants otherwise.
 */
export async function rowsOfVersion(tx: Tx, tenantId: string, from: From): Promise<ProcessingRow[]> {
  const content = contentOf(from.version);
  const schemas = await schemasOf(
    tx,
    tenantId,
    content.operations.map((operation) => operation.operation_id),
  );
  const operations = content.operations.map((operation) => {
    const volume = from.volumes.calls.get(volumeKey(from.version.license_id, from.version.version, operation.operation_id));
    const categories = shownCategories(schemas.get(operation.operation_id), operation);
    return { kind: "operation" as const, name: operation.operation_id, categories, volume, dropped: false };
  });
  const events = content.events.map((event) => {
    const volume = from.volumes.events.get(volumeKey(from.version.license_id, from.version.version, event.event_type));
    const sensitivity = event.variant === "whole" ? (eventType(event.event_type)?.sensitivity ?? []) : [];
    return {
      kind: "event" as const,
      name: event.event_type,
      categories: sensitivity.map((name) => `${name}=full`),
      volume,
      dropped: isDropped(from, content, event),
    };
  });
  const inForce =
    from.version.current && content.starts_at < from.period.to.toISOString() && content.ends_at > from.period.from.toISOString();
  return [...operations, ...events]
    .filter((line) => line.volume !== undefined || line.dropped || inForce)
    .map(({ volume = nothing, dropped: _dropped, ...line }) => ({
      ...headOf(from, content),
      ...line,
      ...volumeOf(volume),
      retention,
      approval: from.approval,
    }));
}

/** Whether the version granted this within the period, and the one after it does not grant the same. */
function isDropped({ version, period }: From, content: LicenseContent, event: LicenseContent["events"][number]): boolean {
  if (version.published_at === null || version.superseded_at === null) return false;
  const begin = [version.published_at.toISOString(), content.starts_at, period.from.toISOString()].sort().at(-1) ?? "";
  const end = [version.superseded_at.toISOString(), content.ends_at, period.to.toISOString()].sort()[0] ?? "";
  return (
    begin < end && !eventsOf(version.next_events).some((next) => next.event_type === event.event_type && next.variant === event.variant)
  );
}

function headOf({ version, period }: From, content: LicenseContent) {
  return {
    period_from: period.from.toISOString(),
    period_to: period.to.toISOString(),
    partner_id: version.partner_id,
    partner_name: version.partner_name,
    license_id: version.license_id,
    license_name: content.name,
    license_version: version.version,
    license_state: version.current ? version.license_state : "superseded",
    purpose: content.purpose,
    legal_basis: content.legal_basis,
    starts_at: content.starts_at,
    ends_at: content.ends_at,
  };
}

function volumeOf({ answered, refused, first_at, last_at }: Volume) {
  return { volume: answered, refused, first_at: isoOrNull(first_at), last_at: isoOrNull(last_at) };
}

async function schemasOf(tx: Tx, tenantId: string, ids: readonly string[]): Promise<Map<string, unknown>> {
  if (ids.length === 0) return new Map();
  const rows = await tx
    .selectFrom("operation")
    .select(["operation_id", "response_schema"])
    .where("tenant_id", "=", tenantId)
    .where("operation_id", "in", ids)
    .execute();
  return new Map(rows.map((row) => [row.operation_id, row.response_schema]));
}

function eventsOf(events: unknown): LicenseContent["events"] {
  return Array.isArray(events) ? (events as LicenseContent["events"]) : [];
}

/** Contents are written by control/license alone, in the form of the contract. */
function contentOf(version: LicenseVersionRow): LicenseContent {
  return version.content as LicenseContent;
}
