/**
 * The legal bases of LGPD (Lei 13.709/2018) that a license can rest on: art. 7 for personal data, art. 11 for sensitive
 * data, art. 23 for the public power. The key is what a license states.
 */
export const legalBases = {
  "art. 7 I": { title: "consent", titulo: "consentimento" },
  "art. 7 II": { title: "legal or regulatory duty", titulo: "obrigação legal ou regulatória" },
  "art. 7 III": { title: "public policies", titulo: "políticas públicas" },
  "art. 7 IV": { title: "studies by research bodies", titulo: "estudos por órgão de pesquisa" },
  "art. 7 V": { title: "contract with the data subject", titulo: "execução de contrato" },
  "art. 7 VI": { title: "exercise of rights in proceedings", titulo: "exercício regular de direitos em processo" },
  "art. 7 VII": { title: "protection of life", titulo: "proteção da vida" },
  "art. 7 VIII": { title: "protection of health", titulo: "tutela da saúde" },
  "art. 7 IX": { title: "legitimate interest", titulo: "legítimo interesse" },
  "art. 7 X": { title: "protection of credit", titulo: "proteção do crédito" },
  "art. 11 I": { title: "specific consent (sensitive data)", titulo: "consentimento específico (dados sensíveis)" },
  "art. 11 II a": { title: "legal duty (sensitive data)", titulo: "obrigação legal (dados sensíveis)" },
  "art. 11 II b": { title: "public policies (sensitive data)", titulo: "políticas públicas (dados sensíveis)" },
  "art. 11 II c": { title: "studies (sensitive data)", titulo: "estudos (dados sensíveis)" },
  "art. 11 II d": { title: "exercise of rights (sensitive data)", titulo: "exercício de direitos (dados sensíveis)" },
  "art. 11 II e": { title: "protection of life (sensitive data)", titulo: "proteção da vida (dados sensíveis)" },
  "art. 11 II f": { title: "protection of health (sensitive data)", titulo: "tutela da saúde (dados sensíveis)" },
  "art. 11 II g": { title: "prevention of fraud (sensitive data)", titulo: "prevenção à fraude (dados sensíveis)" },
  "art. 23": { title: "public interest, by a body of the public power", titulo: "interesse público, pelo poder público" },
} as const satisfies Record<string, { title: string; titulo: string }>;

export type LegalBasis = keyof typeof legalBases;

export function isLegalBasis(text: string): text is LegalBasis {
  return Object.hasOwn(legalBases, text);
}

/** Bases that need a statement of how consent is gathered and withdrawn. */
export function restsOnConsent(basis: string): boolean {
  return basis === "art. 7 I" || basis === "art. 11 I";
}
