import { dayText } from "../calendar.ts";
import { cnpjOf, cpfOf } from "../document-digits.ts";
import type { BasePlan } from "./base-plan.ts";
import { companyName, personName, publicBodyName, withoutAccents } from "./names.ts";
import { createRandom } from "./random.ts";
import type { Random } from "./random.ts";
import type { Cell, RowBuffer } from "./row-buffer.ts";

export type ClientKind = "person" | "company" | "public";

/** Banks are clients 1 to 5; shared clients follow from 11; then each property's own and former client. */
const FIRST_SHARED = 11;

export function sharedClientId(rank: number): number {
  return FIRST_SHARED + rank;
}

export function ownClientId(plan: BasePlan, index: number): number {
  return FIRST_SHARED + plan.sharedClients + index;
}

export function formerClientId(plan: BasePlan, index: number): number {
  return ownClientId(plan, plan.properties) + index;
}

/** The first shared clients are public bodies and companies: they are the ones responsible for others' bills. */
export function sharedClientKind(plan: BasePlan, rank: number): ClientKind {
  const share = rank / plan.sharedClients;
  return share < 0.1 ? "public" : share < 0.3 ? "company" : "person";
}

/** 93 % persons, 6 % companies, 1 % public bodies. */
export function ownClientKind(random: Random): ClientKind {
  return (["person", "company", "public"] as const)[random.weighted([93, 6, 1])] ?? "person";
}

export type Documents = { cpf: string | null; cnpj: string | null };

/**
 * CPF or CNPJ of a client. About 5 % have none, 1 % a wrong digit, and 2 % share theirs with the neighbor in
 * number, as real bases look; all others are unique by a bijection of the client number.
 */
export function documentsOf(plan: BasePlan, clientId: number, kind: ClientKind): Documents {
  const random = createRandom(plan.seed, "document", clientId);
  if (kind !== "public" && random.chance(0.05)) {
    return { cpf: null, cnpj: null };
  }
  const wrong = random.chance(0.01) ? random.int(1, 9) : 0;
  if (kind === "person") {
    const holder = sharesDocument(plan, clientId) ? clientId - (clientId % 2) : clientId;
    return { cpf: spoil(cpfOf(documentRoot(plan, holder, 9)), wrong), cnpj: null };
  }
  const root = random.chance(0.1) ? letterRoot(documentRoot(plan, clientId, 9)) : documentRoot(plan, clientId, 8);
  return { cpf: null, cnpj: spoil(cnpjOf(`${root}0001`), wrong) };
}

export type Client = { id: number; kind: ClientKind; areaCode: number };

/** The client's row with phone numbers; `areaCode` is the one of a property of theirs. */
export function addClient(plan: BasePlan, rows: RowBuffer, client: Client): void {
  const { id, kind } = client;
  const random = createRandom(plan.seed, "client", id);
  const { name, personal } = kind === "person" ? describePerson(plan, random) : describeOrganization(kind, random);
  const { cpf, cnpj } = documentsOf(plan, id, kind);
  const email = random.chance(0.4) ? `${mailName(name)}.${id}@exemplo.test` : null;
  const short = name.slice(0, 40).trimEnd();
  rows.add("cadastro.cliente", [id, name, short, CLIENT_TYPES[kind], cpf, cnpj, ...personal, email, null, 1, plan.stamp]);
  addPhones(plan, rows, client, random);
}

/** cliente_tipo */
const CLIENT_TYPES: Readonly<Record<ClientKind, number>> = { person: 1, company: 2, public: 3 };

/** RG, its day, birth day, mother's name, sex. */
type Described = { name: string; personal: readonly [Cell, Cell, Cell, Cell, Cell] };

function describePerson(plan: BasePlan, random: Random): Described {
  const { name, woman } = personName(random);
  const rg = random.chance(0.7) ? String(random.int(1_000_000, 9_999_999)) : null;
  const born = birthDay(plan, random);
  return { name, personal: [rg, dayText(born + 18 * 365), dayText(born), personName(random).name, woman ? 2 : 1] };
}

function describeOrganization(kind: ClientKind, random: Random): Described {
  const name = kind === "public" ? publicBodyName(random) : companyName(random);
  return { name, personal: [null, null, null, null, null] };
}

/** Numbers 9 0000-xxxx and 0000-xxxx are given to nobody. */
function addPhones(plan: BasePlan, rows: RowBuffer, client: Client, random: Random): void {
  const { id, areaCode } = client;
  const tail = (): string => String(random.int(0, 9999)).padStart(4, "0");
  if (random.chance(0.85)) {
    rows.add("cadastro.cliente_fone", [id * 2 - 1, id, areaCode, `90000${tail()}`, 1, 3, null, plan.stamp]);
  }
  if (random.chance(0.2)) {
    rows.add("cadastro.cliente_fone", [id * 2, id, areaCode, `0000${tail()}`, 2, 1, null, plan.stamp]);
  }
}

/** 18 to 90 years ago; one in fifty was born on a midnight that summer time skipped all over Brazil in 1985. */
function birthDay(plan: BasePlan, random: Random): number {
  const skippedMidnight = 5784;
  return random.chance(0.02) ? skippedMidnight : plan.today - random.int(18 * 365, 90 * 365);
}

function mailName(name: string): string {
  return withoutAccents(name).split(" ")[0]?.toLowerCase().slice(0, 12) ?? "cliente";
}

function sharesDocument(plan: BasePlan, clientId: number): boolean {
  return createRandom(plan.seed, "shared-document", Math.floor(clientId / 2)).chance(0.02);
}

/** A bijection of client numbers onto numbers of the given length: 3^18 has no divisor in common with 10^n. */
function documentRoot(plan: BasePlan, clientId: number, length: number): string {
  const size = 10 ** length;
  return String((clientId * 387_420_489 + plan.documentOffset) % size).padStart(length, "0");
}

/** Eight characters, the first a letter, from a unique number of nine digits. */
function letterRoot(nineDigits: string): string {
  const letters = Number(nineDigits).toString(36).toUpperCase().padStart(6, "0");
  return `T${letters}0`.slice(0, 8).padEnd(8, "0");
}

function spoil(document: string, shift: number): string {
  const last = Number(document.slice(-1));
  return shift === 0 ? document : `${document.slice(0, -1)}${(last + shift) % 10}`;
}
