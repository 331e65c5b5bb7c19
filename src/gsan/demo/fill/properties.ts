import { dayText } from "../calendar.ts";
import { matriculaOf } from "../document-digits.ts";
import type { BasePlan } from "./base-plan.ts";
import { FIRST_PROPERTY_SEQUENCE } from "./base-plan.ts";
import { addClient, formerClientId, ownClientId, ownClientKind, sharedClientId, sharedClientKind } from "./clients.ts";
import type { ClientKind } from "./clients.ts";
import { blockCount, placeOf } from "./places.ts";
import type { Place } from "./places.ts";
import { createRandom } from "./random.ts";
import type { Random } from "./random.ts";
import type { RowBuffer } from "./row-buffer.ts";

/** cliente_relacao_tipo */
export const OWNER = 1;
export const USER = 2;
export const RESPONSIBLE = 3;
/** ligacao_agua_situacao */
export const CONNECTED = 3;
export const CUT = 5;
const SUPPRESSED = 6;

export type Relation = { clientId: number; kind: number; onBill: boolean };

export type Property = {
  index: number;
  matricula: number;
  place: Place;
  waterStatus: number;
  sewerStatus: number;
  /** 0, 40, 80 or 100. */
  sewerPercent: number;
  /** 1 residential, 2 commercial, 3 industrial, 4 public. */
  category: number;
  units: number;
  dueDay: number;
  directDebit: boolean;
  connectedOn: number;
  /** Day of the cut or suppression. */
  cutOn: number | undefined;
  hasMeter: boolean;
  /** Typical consumption of a month in m3. */
  typicalUse: number;
  /** Current relations; exactly one name stands on the bill. */
  relations: readonly Relation[];
  user: { clientId: number; own: boolean; kind: ClientKind };
};

/** The property with its relations, from its own random numbers. */
export function makeProperty(plan: BasePlan, index: number, random: Random): Property {
  const sequence = FIRST_PROPERTY_SEQUENCE + index;
  const valid = matriculaOf(sequence);
  // one in a hundred came from an older system with another digit
  const matricula = random.chance(0.01) ? sequence * 10 + ((valid + random.int(1, 9)) % 10) : valid;
  const category = random.weighted([92, 6, 0.5, 1.5]) + 1;
  const waterStatus = [CONNECTED, CUT, SUPPRESSED, random.pick([1, 2, 4, 7])][random.weighted([82, 9, 5, 4])] ?? CONNECTED;
  const sewerPercent = [0, 40, 80, 100][random.weighted([45, 10, 30, 15])] ?? 0;
  const user = pickUser(plan, index, random);
  const connectedOn = plan.today - (random.chance(0.03) ? random.int(60, 300) : random.int(400, 9000));
  return {
    index,
    matricula,
    place: placeOf(plan, index),
    waterStatus,
    sewerStatus: sewerPercent > 0 ? 3 : 1,
    sewerPercent,
    category,
    units: category === 1 && random.chance(0.05) ? random.int(2, 40) : 1,
    dueDay: random.pick([5, 10, 15, 20, 25, 30]),
    directDebit: random.chance(0.1),
    connectedOn,
    cutOn: cutDay(plan, waterStatus, random),
    hasMeter: random.chance(0.95),
    typicalUse: random.chance(0.35) ? random.int(2, 10) : Math.max(1, Math.round(14 * Math.exp(0.5 * random.normal()))),
    relations: pickRelations(plan, user.clientId, random),
    user,
  };
}

/** Rows of the property, its current and former clients and its connection. */
export function addProperty(plan: BasePlan, rows: RowBuffer, property: Property, random: Random): void {
  const { index, place, user } = property;
  const areaCode = place.municipality.areaCode;
  if (user.own) {
    addClient(plan, rows, { id: user.clientId, kind: user.kind, areaCode });
    addOtherAddress(plan, rows, user.clientId, random);
  }
  const former = random.chance(0.1);
  if (former) {
    addClient(plan, rows, { id: formerClientId(plan, index), kind: "person", areaCode });
  }
  rows.add("cadastro.imovel", propertyCells(plan, property, random));
  addRelations(plan, rows, property, former ? random.int(30, 360) : undefined);
  if (property.waterStatus >= CONNECTED && property.waterStatus !== 4) {
    addConnection(plan, rows, property);
  }
}

function propertyCells(plan: BasePlan, property: Property, random: Random): (string | number | null)[] {
  const { place, waterStatus, category, units } = property;
  const onMap = random.chance(0.3);
  const deleted = waterStatus !== CONNECTED && random.chance(0.02);
  const socialTariff = category === 1 && random.chance(0.08);
  return [
    property.matricula,
    place.localityId,
    place.sectorId,
    place.blockId,
    place.lot,
    0,
    random.chance(0.07) ? "S/N" : String(random.int(1, 4999)),
    random.chance(0.08) ? random.pick(["APTO 101", "CASA B", "FUNDOS", "LOJA TÉRREO", "BLOCO 2 APTO 304"]) : null,
    place.blockId,
    place.blockId,
    waterStatus,
    property.sewerStatus,
    socialTariff ? 5 : 1,
    1,
    null,
    units,
    random.int(1, 6),
    property.dueDay,
    property.directDebit ? 1 : 2,
    units > 8 ? 1 : 2,
    deleted ? 1 : 2,
    category,
    onMap ? `-8.0${random.int(1000, 9999)}` : null,
    onMap ? `-34.9${random.int(1000, 9999)}` : null,
    plan.stamp,
  ];
}

function addRelations(plan: BasePlan, rows: RowBuffer, property: Property, movedDaysAgo: number | undefined): void {
  const { index, matricula, relations } = property;
  const moved = movedDaysAgo === undefined ? undefined : plan.today - movedDaysAgo;
  for (const { clientId, kind, onBill } of relations) {
    const since = kind === USER && moved !== undefined ? moved : property.connectedOn;
    const key = index * 4 + kind;
    rows.add("cadastro.cliente_imovel", [key, clientId, matricula, kind, dayText(since), null, onBill ? 1 : 2, plan.stamp]);
  }
  if (moved !== undefined) {
    const from = dayText(Math.min(property.connectedOn, moved - 30));
    const former = formerClientId(plan, index);
    rows.add("cadastro.cliente_imovel", [index * 4 + 4, former, matricula, USER, from, dayText(moved), 1, plan.stamp]);
  }
}

function addConnection(plan: BasePlan, rows: RowBuffer, property: Property): void {
  const { matricula, waterStatus, connectedOn, cutOn, hasMeter, index } = property;
  const ended = cutOn === undefined ? null : dayText(cutOn);
  rows.add("atendimentopublico.ligacao_agua", [
    matricula,
    dayText(connectedOn),
    waterStatus === CUT ? ended : null,
    waterStatus === SUPPRESSED ? ended : null,
    1,
    1,
    hasMeter ? index + 1 : null,
    plan.stamp,
  ]);
}

/** 8 % get their mail somewhere else. */
function addOtherAddress(plan: BasePlan, rows: RowBuffer, clientId: number, random: Random): void {
  if (random.chance(0.08)) {
    const block = random.int(1, blockCount(plan));
    const door = String(random.int(1, 999));
    rows.add("cadastro.cliente_endereco", [clientId, clientId, 1, door, null, block, block, 1, plan.stamp]);
  }
}

/** Every seventh property belongs to somebody who has others: 1.15 properties per user, with a long tail. */
function pickUser(plan: BasePlan, index: number, random: Random): Property["user"] {
  if (random.chance(0.14)) {
    const rank = pickSharedRank(plan.sharedClients, random);
    return { clientId: sharedClientId(rank), own: false, kind: sharedClientKind(plan, rank) };
  }
  return { clientId: ownClientId(plan, index), own: true, kind: ownClientKind(random) };
}

function pickRelations(plan: BasePlan, userId: number, random: Random): Relation[] {
  const responsible = random.chance(0.02);
  const responsibleOnBill = responsible && random.chance(0.5);
  const relations: Relation[] = [{ clientId: userId, kind: USER, onBill: !responsibleOnBill }];
  if (random.chance(0.25)) {
    const ownerId = random.chance(0.6) ? userId : sharedClientId(pickSharedRank(plan.sharedClients, random));
    relations.push({ clientId: ownerId, kind: OWNER, onBill: false });
  }
  if (responsible) {
    const rank = random.int(0, Math.floor(plan.sharedClients * 0.3) - 1);
    relations.push({ clientId: sharedClientId(rank), kind: RESPONSIBLE, onBill: responsibleOnBill });
  }
  return relations;
}

/** Zipf by inversion: rank 0 gets thousands in a large base, most ranks a handful. */
function pickSharedRank(count: number, random: Random): number {
  return Math.min(count - 1, Math.floor(Math.exp(random.next() * Math.log(count + 1))) - 1);
}

function cutDay(plan: BasePlan, waterStatus: number, random: Random): number | undefined {
  if (waterStatus === CUT) {
    return plan.today - random.int(40, 200);
  }
  return waterStatus === SUPPRESSED ? plan.today - random.int(600, 2000) : undefined;
}

/** The property's own generator: chunking and other properties do not matter. */
export function propertyRandom(plan: BasePlan, index: number): Random {
  return createRandom(plan.seed, "property", index);
}
