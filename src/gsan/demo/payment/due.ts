import type { LocalTime } from "../calendar.ts";

/** Something a customer pays: an open bill, or (`billId` null) a month in advance, which no bill exists for yet. */
export type Due = { billId: number | null; matricula: number; localityId: number; month: number; cents: number };

export type DueRequest = { matricula: number | undefined; count: number; at: LocalTime };
