import { addBills } from "./add-bills.ts";
import { addCases } from "./add-cases.ts";
import { addReceipt } from "./add-payments.ts";
import type { FillContext } from "./add-payments.ts";
import type { BasePlan } from "./base-plan.ts";
import { makeBills } from "./bills.ts";
import { addClient, sharedClientId, sharedClientKind } from "./clients.ts";
import { banks, createLedger } from "./ledger.ts";
import { addPlaces } from "./places.ts";
import { addProperty, CONNECTED, makeProperty, propertyRandom } from "./properties.ts";
import type { Property } from "./properties.ts";
import { makeReceipts } from "./receipts.ts";
import { createRowBuffer } from "./row-buffer.ts";
import type { RowBuffer, RowChunk } from "./row-buffer.ts";
import { addTraps } from "./traps.ts";

/** Properties per chunk: about 3 MB of text. */
const CHUNK = 250;

export type BaseChunk = RowChunk & { propertiesDone: number };

/**
 * The whole base as chunks of COPY text, in memory that does not grow with the number of properties.
 * Rows of a chunk may refer to rows of another one: check foreign keys after the last.
 */
export function* generateBase(plan: BasePlan): Generator<BaseChunk, void, void> {
  const rows = createRowBuffer();
  const ledger = createLedger(plan);
  const next = createCounters();
  addPlaces(plan, rows);
  addSharedClients(plan, rows);
  yield { ...rows.drain(), propertiesDone: 0 };
  const hosts: Property[] = [];
  for (let index = 0; index < plan.properties; index += 1) {
    const random = propertyRandom(plan, index);
    const property = makeProperty(plan, index, random);
    addPropertyLife({ plan, rows, ledger, next, random }, property);
    if (hosts.length < 3 && property.waterStatus === CONNECTED) {
      hosts.push(property);
    }
    if ((index + 1) % CHUNK === 0) {
      yield { ...rows.drain(), propertiesDone: index + 1 };
    }
  }
  const [first, second, third] = hosts;
  if (first !== undefined && second !== undefined && third !== undefined) {
    addTraps({ plan, rows, ledger, next, random: propertyRandom(plan, plan.properties) }, [first, second, third]);
  }
  ledger.addFiles(rows);
  yield { ...rows.drain(), propertiesDone: plan.properties };
}

function addPropertyLife(context: FillContext, property: Property): void {
  const { plan, rows, random } = context;
  addProperty(plan, rows, property, random);
  const bills = makeBills(plan, property, random);
  const receipts = makeReceipts(plan, property, bills, random);
  addBills(context, property, { bills, receipts });
  for (const receipt of receipts) {
    addReceipt(context, property, receipt);
  }
  addCases(context, property);
}

/** Banks are clients too; shared clients have several properties. */
function addSharedClients(plan: BasePlan, rows: RowBuffer): void {
  for (const [index, bank] of banks.entries()) {
    const id = index + 1;
    rows.add("cadastro.cliente", [id, bank.name, bank.name, 2, null, null, null, null, null, null, null, null, null, 1, plan.stamp]);
    rows.add("arrecadacao.arrecadador", [id, id, bank.code, 1, plan.stamp]);
  }
  for (let rank = 0; rank < plan.sharedClients; rank += 1) {
    addClient(plan, rows, { id: sharedClientId(rank), kind: sharedClientKind(plan, rank), areaCode: 81 });
  }
}

function createCounters(): (sequence: string) => number {
  const last = new Map<string, number>();
  return (sequence) => {
    const value = (last.get(sequence) ?? 0) + 1;
    last.set(sequence, value);
    return value;
  };
}
