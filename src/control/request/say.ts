import { clauseWords, holders, holderWords, type Words } from "./clause-words.ts";
import { codeWords } from "./code-words.ts";

const signed: Words = {
  en: {
    what: "The signature of the call (RFC 9421) was missing, malformed, late, used before or wrong; the clause says which.",
    todo: "Sign each call anew with the access's key, over what docs/network.md lists.",
  },
  "pt-BR": {
    what: "A assinatura da chamada (RFC 9421) faltou, está malformada, fora do prazo, repetida ou incorreta; a cláusula diz qual.",
    todo: "Assine cada chamada de novo com a chave do acesso, cobrindo o que docs/network.md lista.",
  },
};

/** The words for how a call ended: of its clause where it has some, else of its code. */
export function sayOutcome({ status, code, clause }: { status: number; code: string; clause: string | null }): Words {
  if (clause === null || status < 400) return codeWords(code, status);
  const own = Object.hasOwn(clauseWords, clause) ? clauseWords[clause] : undefined;
  if (own !== undefined) return own;
  if (code === "forbidden" && clause.startsWith("signature-")) return signed;
  const [, holder = "", state = ""] = /^([a-z]+)-(disabled|revoked|switched-off)$/.exec(clause) ?? [];
  const named = Object.hasOwn(holders, holder) ? holders[holder] : undefined;
  return named === undefined ? codeWords(code, status) : holderWords(named, state);
}
