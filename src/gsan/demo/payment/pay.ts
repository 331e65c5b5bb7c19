import type { Pool } from "pg";
import type { DemoPayInput, DemoPayResult } from "../../../contract/demo-port.ts";
import { AppError } from "../../../contract/errors.ts";
import { localTime } from "../calendar.ts";
import type { LocalTime } from "../calendar.ts";
import { centsToDecimal } from "../money.ts";
import { advances, chooseDues, openBills } from "./choose-dues.ts";
import { inTransaction } from "./in-transaction.ts";
import { insertPayments } from "./insert-payments.ts";

/** The utility's wall clock: GSAN writes instants without zone. */
export type UtilityClock = { now(): Date; timeZone: string };

export function utilityTime(clock: UtilityClock): LocalTime {
  return localTime(clock.now(), clock.timeZone);
}

/** Most payments of one call. */
const MOST_PAYMENTS = 100_000;

/**
 * Pays `count` dues the way GSAN records payments (UC0242), in one transaction; resolves after the commit. Every
 * payment's client can be found, by its bill or by the current user of the property.
 * @throws AppError invalid-field for a count outside 1..100,000 or an unknown property
 */
export async function pay(pool: Pool, input: DemoPayInput, clock: UtilityClock): Promise<DemoPayResult> {
  if (!Number.isInteger(input.count) || input.count < 1 || input.count > MOST_PAYMENTS) {
    throw new AppError("invalid-field", `count is a whole number from 1 to ${MOST_PAYMENTS}`, { pointer: "/count" });
  }
  const at = utilityTime(clock);
  const { ids, movementIds, totalCents } = await inTransaction(pool, async (client) => {
    const dues = await chooseDues(client, { matricula: input.matricula, count: input.count, at });
    return insertPayments(client, dues, { asFile: input.as_file, at });
  });
  return {
    payments: ids.length,
    first_id: ids[0] ?? 0,
    last_id: ids.at(-1) ?? 0,
    movement_id: movementIds[0] ?? 0,
    total: centsToDecimal(totalCents),
  };
}

/** A bank file whose numbers are taken and whose commit is still to come. */
export type LateBatch = { ids: number[]; commit(): Promise<void>; rollback(): Promise<void> };

/**
 * The late commit that a reader by "id > highest" loses: payments inserted in a transaction that stays open until the
 * caller ends it, while later numbers can commit. Holds one connection of the pool; does not block `pay`.
 */
export async function beginLateBatch(pool: Pool, count: number, clock: UtilityClock): Promise<LateBatch> {
  const at = utilityTime(clock);
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const request = { matricula: undefined, count, at };
    const dues = await openBills(client, request);
    dues.push(...(await advances(client, { ...request, count: count - dues.length })));
    const { ids } = await insertPayments(client, dues, { asFile: true, at });
    const end = async (command: "COMMIT" | "ROLLBACK"): Promise<void> => {
      await client.query(command);
      client.release();
    };
    return { ids, commit: () => end("COMMIT"), rollback: () => end("ROLLBACK") };
  } catch (error) {
    client.release(true);
    throw error;
  }
}
