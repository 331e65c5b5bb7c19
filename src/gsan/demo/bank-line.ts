export type BankLine = {
  /** Day the customer paid and day of the credit, YYYY-MM-DD. */
  paidOn: string;
  creditedOn: string;
  barcode: string;
  cents: number;
  /** Number of the line in its file. */
  sequence: number;
  /** One-letter way of payment (arfm_cdarrecadacaoforma). */
  wayCode: string;
};

/**
 * Register G of a bank's collection file, 150 characters (FEBRABAN "arrecadação com código de barras", layout 04):
 * account, days, barcode, value, fee, number in the file, agency, way, authentication. Account and agency are zeros.
 */
export function bankLine(line: BankLine): string {
  return [
    "G",
    "0".repeat(20),
    line.paidOn.replaceAll("-", ""),
    line.creditedOn.replaceAll("-", ""),
    line.barcode,
    String(line.cents).padStart(12, "0"),
    "0000120",
    String(line.sequence).padStart(8, "0"),
    "0".repeat(8),
    line.wayCode,
    `DEMO${String(line.sequence).padStart(8, "0")}`.padEnd(23),
    "1",
    " ".repeat(9),
  ].join("");
}
