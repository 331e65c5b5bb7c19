import { AppError } from "../../../contract/errors.ts";
import { addMonths, dayInMonth, dayOf, dayText, lastBusinessDay, monthOfDay } from "../calendar.ts";
import { createRandom } from "./random.ts";

export type BaseOptions = {
  /** Number of properties, 50 to 2,500,000. */
  properties: number;
  seed: number;
  /** "Today" of the base, YYYY-MM-DD: nothing in it is younger. */
  referenceDate: string;
  /** Reference months with bills, 4 to 60; the last is the month of the reference date. */
  months?: number;
};

/** Everything the generators derive from the options; no clock and no other input exists. */
export type BasePlan = {
  properties: number;
  seed: number;
  today: number;
  /** Oldest and newest reference month, YYYYMM. */
  firstMonth: number;
  lastMonth: number;
  months: number;
  /** Accounting months up to this one are closed: all but the last two. */
  closedThrough: number;
  /** First day on which a payment can exist. */
  firstDay: number;
  /** The day whose payments nobody classified yet. */
  lastProcessingDay: number;
  /** Written into every *_tmultimaalteracao that has no better time. */
  stamp: string;
  propertiesPerLocality: number;
  propertiesPerSector: number;
  /** Clients with several properties: public bodies, companies, owners of houses to let. */
  sharedClients: number;
  /** Start of the document numbers. */
  documentOffset: number;
};

export const PROPERTIES_PER_BLOCK = 25;
/** First sequence number of a matrícula. */
export const FIRST_PROPERTY_SEQUENCE = 10_001;
const SECTORS_PER_LOCALITY = 4;
/** loca_id has three digits in a barcode. */
const MOST_LOCALITIES = 150;

/** @throws AppError invalid-field for a number outside its bounds, RangeError for a reference date that is none */
export function planBase(options: BaseOptions): BasePlan {
  const { properties, seed, referenceDate, months = 12 } = options;
  requireWhole("properties", properties, 50, 2_500_000);
  requireWhole("months", months, 4, 60);
  requireWhole("seed", seed, 0, Number.MAX_SAFE_INTEGER);
  const today = dayOf(referenceDate);
  const lastMonth = monthOfDay(today);
  const firstMonth = addMonths(lastMonth, 1 - months);
  const perSector = Math.ceil(Math.max(500, properties / MOST_LOCALITIES) / SECTORS_PER_LOCALITY / PROPERTIES_PER_BLOCK);
  return {
    properties,
    seed,
    today,
    firstMonth,
    lastMonth,
    months,
    closedThrough: addMonths(lastMonth, -2),
    firstDay: dayInMonth(firstMonth, 1),
    lastProcessingDay: lastBusinessDay(today),
    stamp: `${dayText(today)} 06:00:00`,
    propertiesPerLocality: perSector * SECTORS_PER_LOCALITY * PROPERTIES_PER_BLOCK,
    propertiesPerSector: perSector * PROPERTIES_PER_BLOCK,
    sharedClients: Math.max(10, Math.ceil(properties / 100)),
    documentOffset: createRandom(seed, "documents").int(0, 999_999_999),
  };
}

function requireWhole(name: string, value: number, low: number, high: number): void {
  if (!Number.isSafeInteger(value) || value < low || value > high) {
    throw new AppError("invalid-field", `${name} must be a whole number from ${low} to ${high}`, { pointer: `/${name}` });
  }
}
