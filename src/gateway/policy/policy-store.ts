import { AccessTable } from "./access-table.ts";
import { networkTest } from "./addresses.ts";
import { type CompileWith, compileLicenses, compileLicensing, type Licensing } from "./compile-licensing.ts";
import type { AccessPage, ChangedLicenses, ClientRow, HolderState, PolicyChange, TokenPage } from "./policy-rows.ts";
import { readFactors } from "./read-factors.ts";
import type { AccessPolicy, LicensePolicy, Snapshot, TokenPolicy } from "./snapshot.ts";
import { indexSwitches, isOff, type Switches } from "./switches.ts";
import { TokenTable } from "./token-table.ts";

/** Rows that are written without a rest: about two milliseconds. */
const rowsAtOnce = 2_000;
/** Materialised accesses and bindings that are kept for the next call. */
const mostKept = 20_000;

type Client = { state: HolderState; partnerId: string };
type Bindings = Pick<AccessPolicy, "origins" | "allowsAddress" | "certificate" | "signatureKey">;

/** Everything of an epoch that snapshots do not share. Licenses by the access table's ordinals. */
type View = {
  licensing: Licensing;
  licenses: readonly (LicensePolicy | undefined)[];
  partners: ReadonlyMap<string, HolderState>;
  switches: Switches;
};

/**
 * The policy of a node: compact tables of clients, accesses and tokens, written by row, and small tables, replaced whole. Each
 * change gives the snapshot of its epoch; the cost is that of the change, not of what there is.
 */
export class PolicyStore {
  readonly #options: CompileWith;
  readonly #accesses = new AccessTable();
  readonly #tokens = new TokenTable();
  /** By the access table's ordinals. */
  readonly #clients: (Client | undefined)[] = [];
  readonly #bindings = new Map<number, Bindings>();
  #view: View = {
    licensing: { licenses: [], operations: new Map(), routes: new Map(), upstreams: new Set() },
    licenses: [],
    partners: new Map(),
    switches: new Map(),
  };

  constructor(options: CompileWith) {
    this.#options = options;
  }

  /** About how many a first load is going to bring. */
  reserve(expected: { accesses: number; tokens: number }): void {
    this.#accesses.reserve(expected.accesses);
    this.#tokens.reserve(expected.tokens);
  }

  /**
   * Takes in a change. A generator: whoever drives it may rest at each step. It does not rest within a change of up to
   * 2,000 rows, so all of that comes into use at once, with the snapshot; the rows of a larger one in their order.
   */
  *apply(change: PolicyChange): Generator<undefined, Snapshot> {
    const view = yield* this.#nextView(change);
    yield* inPages(change.clients, (row) => this.#putClient(row));
    yield* inPages(change.accesses, (row) => this.#accesses.put(row));
    // a token without its access is nobody's
    yield* inPages(change.tokens, (row) => {
      const access = this.#accesses.find(row.tenant_id, row.access_id);
      if (access >= 0) this.#tokens.put(row, access);
    });
    this.#view = view;
    return this.#snapshot(change.epoch, view);
  }

  addClients(rows: readonly ClientRow[]): void {
    for (const row of rows) this.#putClient(row);
  }

  addAccesses(page: AccessPage): void {
    for (let at = 0; at < page.accessIds.length; at += 1) this.#accesses.addFrom(page, at);
  }

  /** Of accesses that are there. */
  addTokens(page: TokenPage): void {
    const tenant = this.#accesses.tenants.of(page.tenantId);
    for (let at = 0; at < page.tokenIds.length; at += 1) {
      const access = this.#accesses.findOf(tenant, page.accessIds[at] ?? "");
      if (access >= 0) this.#tokens.addFrom(page, at, access);
    }
  }

  #putClient(row: ClientRow): void {
    this.#clients[this.#accesses.clients.of(row.tenant_id, row.client_id)] = { state: row.state, partnerId: row.partner_id };
  }

  *#nextView(change: PolicyChange): Generator<undefined, View> {
    const before = this.#view;
    const { partners, switches } = change;
    const licensing = change.licensing === undefined ? before.licensing : yield* compileLicensing(change.licensing, this.#options);
    const next = {
      licensing,
      licenses: licensing === before.licensing ? yield* this.#withChanged(change.licenses) : yield* this.#byOrdinal(licensing.licenses),
      partners:
        partners === undefined ? before.partners : new Map(partners.map((row) => [partnerKey(row.tenant_id, row.partner_id), row.state])),
      switches: switches === undefined ? before.switches : indexSwitches(switches),
    };
    return next;
  }

  /** Licenses of before with those that changed; what was handed out is not touched. */
  *#withChanged(changed: ChangedLicenses | undefined): Generator<undefined, View["licenses"]> {
    const { licenses: before, licensing } = this.#view;
    if (changed === undefined) return before;
    const compiled = yield* compileLicenses(changed, licensing.operations, this.#options);
    const licenses = [...before];
    for (const { tenant_id, license_id } of changed.ids) licenses[this.#accesses.licenses.of(tenant_id, license_id)] = undefined;
    for (const license of compiled) licenses[this.#accesses.licenses.of(license.tenantId, license.licenseId)] = license;
    return licenses;
  }

  *#byOrdinal(licenses: readonly LicensePolicy[]): Generator<undefined, (LicensePolicy | undefined)[]> {
    const found: (LicensePolicy | undefined)[] = [];
    for (const license of licenses) {
      found[this.#accesses.licenses.of(license.tenantId, license.licenseId)] = license;
      yield;
    }
    return found;
  }

  #snapshot(epoch: bigint, view: View): Snapshot {
    const kept = new Map<number, AccessPolicy | undefined>();
    const accessAt = (ordinal: number): AccessPolicy | undefined => {
      if (kept.has(ordinal)) return kept.get(ordinal);
      if (kept.size >= mostKept) kept.clear();
      const access = this.#readAccess(ordinal, view);
      kept.set(ordinal, access);
      return access;
    };
    const tokenAt = (ordinal: number): TokenPolicy | undefined => (ordinal < 0 ? undefined : this.#readToken(ordinal, accessAt, view));
    const tokens = this.#tokens;
    return {
      epoch,
      tokens: {
        size: tokens.size,
        get: (digest) => tokenAt(tokens.find(digest)),
        *values() {
          for (let at = 0; at < tokens.size; at += 1) {
            const token = tokenAt(at);
            if (token !== undefined) yield token;
          }
        },
      },
      routes: view.licensing.routes,
      upstreams: view.licensing.upstreams,
      origins: {
        get: (origin) => [...this.#accesses.withOrigin(origin)].map(accessAt).filter((access) => access !== undefined),
      },
      switches: view.switches,
    };
  }

  #readToken(ordinal: number, accessAt: (ordinal: number) => AccessPolicy | undefined, view: View): TokenPolicy | undefined {
    const { access: at, ...token } = this.#tokens.read(ordinal);
    const access = accessAt(at);
    if (access === undefined) return undefined;
    return { ...token, switchedOff: isOff(view.switches, access.license.tenantId, "token", token.tokenId), access };
  }

  /** Undefined when one of those it stands on is not there, or when client and license are of different partners. */
  #readAccess(ordinal: number, view: View): AccessPolicy | undefined {
    const row = this.#accesses.read(ordinal);
    const { tenantId, accessId, kind, mode, expiresAtMs } = row;
    const license = view.licenses[row.license];
    const client = this.#clients[row.client];
    if (license === undefined || client === undefined || client.partnerId !== license.partnerId) return undefined;
    const partner = view.partners.get(partnerKey(tenantId, license.partnerId));
    if (partner === undefined) return undefined;
    const off = (level: "access" | "partner" | "license", id: string): boolean => isOff(view.switches, tenantId, level, id);
    return {
      accessId,
      clientId: this.#accesses.clients.id(row.client),
      license: off("license", license.licenseId) ? { ...license, switchedOff: true } : license,
      kind,
      mode,
      ...this.#bindingsOf(row),
      states: {
        access: off("access", accessId) ? "switched-off" : row.state,
        client: client.state,
        partner: off("partner", license.partnerId) ? "switched-off" : partner,
      },
      expiresAtMs,
    };
  }

  #bindingsOf(row: { binding: number; cidrs: string[]; origins: string[]; factors: string }): Bindings {
    const known = this.#bindings.get(row.binding);
    if (known !== undefined) return known;
    if (this.#bindings.size >= mostKept) this.#bindings.clear();
    const made = { origins: new Set(row.origins), allowsAddress: networkTest(row.cidrs), ...readFactors(row.factors) };
    this.#bindings.set(row.binding, made);
    return made;
  }
}

/** Writes rows and rests after every 2,000. */
function* inPages<T>(rows: readonly T[], write: (row: T) => void): Generator<undefined, void> {
  for (const [at, row] of rows.entries()) {
    if (at > 0 && at % rowsAtOnce === 0) yield;
    write(row);
  }
}

function partnerKey(tenantId: string, partnerId: string): string {
  return `${tenantId} ${partnerId}`;
}
