import { GrowingIndex } from "./growing-index.ts";
import { hashId, IdColumn } from "./id-column.ts";
import { instantOf, NumberColumn } from "./number-column.ts";
import { Ordinals, TenantOrdinals } from "./ordinals.ts";
import type { AccessPage, AccessRow, HolderState } from "./policy-rows.ts";

type Binding = Pick<AccessRow, "cidrs" | "origins" | "factors">;

const states: readonly HolderState[] = ["active", "disabled", "revoked"];
const kinds: readonly AccessRow["kind"][] = ["confidential", "publishable"];
const modes: readonly AccessRow["mode"][] = ["live", "test"];
const letters = { state: initials(states), kind: initials(kinds), mode: initials(modes) };

/** Accesses of all tenants, some 70 bytes each, outside the heap. Written row by row, the newest wins. */
export class AccessTable {
  readonly tenants = new Ordinals();
  /** What the snapshot's arrays of licenses and clients are indexed by. */
  readonly licenses = new TenantOrdinals();
  readonly clients = new TenantOrdinals();
  readonly #bindings = new Ordinals();
  readonly #ids = new IdColumn();
  readonly #tenant = new NumberColumn((length) => new Int32Array(length));
  readonly #license = new NumberColumn((length) => new Int32Array(length));
  readonly #client = new NumberColumn((length) => new Int32Array(length));
  readonly #binding = new NumberColumn((length) => new Int32Array(length));
  readonly #flags = new NumberColumn((length) => new Uint8Array(length));
  readonly #expires = new NumberColumn((length) => new Float64Array(length));
  /** Publishable accesses by the origins they registered. */
  readonly #byOrigin = new Map<string, Set<number>>();
  readonly #index = new GrowingIndex((ordinal) => this.#ids.hash(ordinal, this.#tenant.get(ordinal)));
  #size = 0;

  put(row: AccessRow): void {
    const tenant = this.tenants.of(row.tenant_id);
    const known = this.findOf(tenant, row.access_id);
    const ordinal = known < 0 ? this.#append(tenant, row.access_id) : known;
    if (known >= 0) this.#listOrigins(ordinal, "delete");
    this.#license.set(ordinal, this.licenses.of(row.tenant_id, row.license_id));
    this.#client.set(ordinal, this.clients.of(row.tenant_id, row.client_id));
    this.#binding.set(ordinal, this.#bindings.of(bindingText(row)));
    this.#flags.set(ordinal, flagsOf(states.indexOf(row.state), kinds.indexOf(row.kind), modes.indexOf(row.mode)));
    this.#expires.set(ordinal, row.expires_at?.getTime() ?? Number.POSITIVE_INFINITY);
    this.#listOrigins(ordinal, "add");
  }

  /** Adds row `at` of a first load, which brings each access once. */
  addFrom(page: AccessPage, at: number): void {
    const ordinal = this.#append(this.tenants.of(page.tenantId), page.accessIds[at] ?? "");
    this.#license.set(ordinal, this.licenses.of(page.tenantId, page.licenseIds[at] ?? ""));
    this.#client.set(ordinal, this.clients.of(page.tenantId, page.clientIds[at] ?? ""));
    this.#binding.set(ordinal, this.#bindings.of(bindingCell(page, at)));
    const { state, kind, mode } = letters;
    this.#flags.set(
      ordinal,
      flagsOf(state.indexOf(page.states.charAt(at)), kind.indexOf(page.kinds.charAt(at)), mode.indexOf(page.modes.charAt(at))),
    );
    this.#expires.set(ordinal, instantOf(page.expiries[at]));
    this.#listOrigins(ordinal, "add");
  }

  /** Makes room for so many accesses while there is none. */
  reserve(expected: number): void {
    this.#index.reserve(expected);
  }

  /** The ordinal of an access; -1 for none. */
  find(tenantId: string, accessId: string): number {
    return this.findOf(this.tenants.of(tenantId), accessId);
  }

  /** The same by the tenant's number. */
  findOf(tenant: number, accessId: string): number {
    const matches = (ordinal: number): boolean => this.#tenant.get(ordinal) === tenant && this.#ids.equals(ordinal, accessId);
    return this.#index.find(hashId(accessId, tenant), matches);
  }

  /** Ordinals of the publishable accesses that registered this origin. */
  withOrigin(origin: string): ReadonlySet<number> {
    return this.#byOrigin.get(origin) ?? new Set();
  }

  read(ordinal: number) {
    const flags = this.#flags.get(ordinal);
    const binding = this.#binding.get(ordinal);
    return {
      tenantId: this.tenants.text(this.#tenant.get(ordinal)),
      accessId: this.#ids.read(ordinal),
      license: this.#license.get(ordinal),
      client: this.#client.get(ordinal),
      /** Equal numbers stand for equal networks, origins and factors. */
      binding,
      ...bindingOf(this.#bindings.text(binding)),
      state: states[flags & 3] ?? "revoked",
      kind: kinds[(flags >> 2) & 1] ?? "publishable",
      mode: modes[(flags >> 3) & 1] ?? "test",
      expiresAtMs: this.#expires.get(ordinal),
    };
  }

  #append(tenant: number, accessId: string): number {
    const ordinal = this.#size;
    this.#size += 1;
    this.#tenant.set(ordinal, tenant);
    this.#ids.write(ordinal, accessId);
    this.#index.add(hashId(accessId, tenant), ordinal);
    return ordinal;
  }

  #listOrigins(ordinal: number, how: "add" | "delete"): void {
    // confidential accesses have none
    if (((this.#flags.get(ordinal) >> 2) & 1) !== kinds.indexOf("publishable")) return;
    for (const origin of bindingOf(this.#bindings.text(this.#binding.get(ordinal))).origins) {
      const listed = this.#byOrigin.get(origin) ?? new Set();
      listed[how](ordinal);
      this.#byOrigin.set(origin, listed);
    }
  }
}

function initials(names: readonly string[]): string[] {
  return names.map((name) => name.charAt(0));
}

function flagsOf(state: number, kind: number, mode: number): number {
  return state | (kind << 2) | (mode << 3);
}

/** Networks alone are joined by commas, which none of them holds; the rare origins and stored factors make it JSON. */
function bindingText({ cidrs, origins, factors }: Binding): string {
  return origins.length === 0 && factors === "" ? cidrs.join(",") : JSON.stringify([cidrs, origins, factors]);
}

/** The same of a page, whose cells are joined by commas; origins hold none either. */
function bindingCell(page: AccessPage, at: number): string {
  const [cidrs = "", origins = "", factors = ""] = [page.cidrs[at], page.origins[at], page.factors[at]];
  if (origins === "" && factors === "") return cidrs;
  return bindingText({ cidrs: listOf(cidrs), origins: listOf(origins), factors });
}

/** What bindingText wrote. */
function bindingOf(text: string): Binding {
  if (!text.startsWith("[")) return { cidrs: listOf(text), origins: [], factors: "" };
  const [cidrs, origins, factors] = JSON.parse(text) as [string[], string[], string];
  return { cidrs, origins, factors };
}

function listOf(cell: string): string[] {
  return cell === "" ? [] : cell.split(",");
}
