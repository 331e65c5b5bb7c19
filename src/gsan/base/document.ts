const cpfForm = /^\d{11}$/;
const cnpjForm = /^[0-9A-Z]{12}\d{2}$/;

/**
 * CPF or CNPJ as GSAN stores it, or undefined: punctuation dropped, letters upper-cased (CNPJ holds letters since July
 * 2026, IN RFB 2.229/2024). Check digits are not tested, because real bases hold wrong ones and are only compared;
 * one repeated character is refused, because bases use it as a placeholder for "no document".
 */
export function parseDocument(text: string): string | undefined {
  const bare = text.replaceAll(/[./-]/g, "").toUpperCase();
  if (!cpfForm.test(bare) && !cnpjForm.test(bare)) return undefined;
  return new Set(bare).size === 1 ? undefined : bare;
}

/** The document of a row of cliente: CPF, else CNPJ, trimmed; undefined for none and for placeholders. */
export function documentOf(row: { clie_nncpf: string | null; clie_nncnpj: string | null }): string | undefined {
  return parseDocument((row.clie_nncpf ?? "").trim()) ?? parseDocument((row.clie_nncnpj ?? "").trim());
}
