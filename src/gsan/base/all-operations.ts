import type { NeededColumns } from "../connection/probe-columns.ts";
import type { Operation } from "./operation.ts";
import { checkIdentity } from "./operations/check-identity.ts";
import { getBill } from "./operations/get-bill.ts";
import { getConsumption } from "./operations/get-consumption.ts";
import { getProperty } from "./operations/get-property.ts";
import { listDebts } from "./operations/list-debts.ts";
import { listOpenBills } from "./operations/list-open-bills.ts";
import { listPropertyPayments } from "./operations/list-property-payments.ts";
import { getLocality, listLocalities } from "./operations/localities.ts";

/** operationId of the catalogue -> what answers it. */
export const allOperations: Readonly<Record<string, Operation>> = {
  getProperty,
  listOpenBills,
  getBill,
  listPropertyPayments,
  getConsumption,
  checkIdentity,
  listLocalities,
  getLocality,
  listDebts,
};

/** Every column that the operations select, by table. */
export function allColumns(): NeededColumns {
  const byTable = new Map<string, Set<string>>();
  for (const { columns } of Object.values(allOperations)) {
    for (const [table, names] of Object.entries(columns)) {
      byTable.set(table, new Set([...(byTable.get(table) ?? []), ...names]));
    }
  }
  return Object.fromEntries([...byTable].map(([table, names]) => [table, [...names].sort()]));
}
