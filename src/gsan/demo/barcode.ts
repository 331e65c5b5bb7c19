import { modulo10 } from "./document-digits.ts";

/** FEBRABAN number of the utility, four digits of every barcode; 9999 belongs to nobody. */
const COMPANY = "9999";

export type BillKey = {
  localityId: number;
  matricula: number;
  /** Reference month of the bill, YYYYMM. */
  month: number;
};

/** Digit of a bill's reference (cnta_dgverificadorconta): modulo 10 of MMYYYY. */
export function referenceDigit(month: number): number {
  return modulo10(monthYear(month));
}

/** Barcode of a bill (GSAN type 3), 44 digits with the general digit by modulo 10 (third digit 6). */
export function billBarcode(bill: BillKey, cents: number): string {
  const paymentId = `${placeAndProperty(bill)}01${monthYear(bill.month)}${referenceDigit(bill.month)}000`;
  return barcode(cents, paymentId, "3");
}

/** Barcode of an extrato (GSAN type 5): sequence number of the document and type 14. */
export function statementBarcode(place: Omit<BillKey, "month">, sequence: number, cents: number): string {
  return barcode(cents, `${placeAndProperty(place)}${digits(sequence, 9)}141`, "5");
}

/** Barcode of a guia by its number (GSAN type 1). */
export function guideBarcode(place: Omit<BillKey, "month">, guideId: number, cents: number): string {
  return barcode(cents, `${placeAndProperty(place)}${digits(guideId, 9)}001`, "1");
}

/** The 48 digits printed under the bars: four blocks of 11, each with its modulo-10 digit. */
export function printedLine(code: string): string {
  return [0, 11, 22, 33]
    .map((start) => code.slice(start, start + 11))
    .map((block) => `${block}${modulo10(block)}`)
    .join("");
}

/** Whether a 44-digit barcode of this layout has its general digit right. */
export function isBarcode(code: string): boolean {
  return /^826\d{41}$/.test(code) && withGeneralDigit(`${code.slice(0, 3)}${code.slice(4)}`) === code;
}

function barcode(cents: number, paymentId: string, type: string): string {
  return withGeneralDigit(`826${digits(cents, 11)}${COMPANY}${paymentId}${type}`);
}

function withGeneralDigit(fortyThree: string): string {
  return `${fortyThree.slice(0, 3)}${modulo10(fortyThree)}${fortyThree.slice(3)}`;
}

function placeAndProperty(place: Omit<BillKey, "month">): string {
  return `${digits(place.localityId, 3)}${digits(place.matricula, 9)}`;
}

function monthYear(month: number): string {
  return `${digits(month % 100, 2)}${digits(Math.floor(month / 100), 4)}`;
}

function digits(value: number, length: number): string {
  return String(value).padStart(length, "0");
}
