import { errorTable, type ErrorCode } from "../contract/errors.ts";
import type { Language } from "../contract/language.ts";
import { type Problem, problemType } from "../contract/problem.ts";
import type { ErrorProofs } from "../platform/error-proof.ts";
import type { Refusal } from "./refusal.ts";

/** Fixed texts; in one language a 401 and a 404 of one kind must not differ from those of another. */
const fixedDetail: Partial<Record<ErrorCode, Record<Language, string>>> = {
  unauthorized: {
    en: "Send a valid access token as `Authorization: Bearer`.",
    "pt-BR": "Envie um token de acesso válido em `Authorization: Bearer`.",
  },
  "not-found": {
    en: "No operation or object here is known to this license.",
    "pt-BR": "Nenhuma operação ou objeto aqui é conhecido por esta licença.",
  },
  internal: {
    en: "Try again; if it goes on, tell the operator the request id.",
    "pt-BR": "Tente de novo; se continuar, informe ao operador o id da requisição.",
  },
};

/** The RFC 9457 document of a refusal, as bytes; title and fixed texts in one language. `clause` is an extension member. */
export function problemBody(
  refusal: Refusal,
  requestId: string,
  { language, proofs }: { language: Language; proofs?: Pick<ErrorProofs, "of"> | undefined },
): Buffer {
  const { code, more } = refusal;
  const { status, title: english, titulo } = errorTable[code];
  const title = language === "en" ? english : titulo;
  const clause = more.showClause === true ? more.clause : undefined;
  const detail = fixedDetail[code]?.[language] ?? more.detail;
  const problem: Problem & { clause?: string } = {
    type: problemType(code),
    title,
    status,
    code,
    ...(detail === undefined ? {} : { detail }),
    ...(more.pointer === undefined ? {} : { pointer: more.pointer }),
    ...(clause === undefined ? {} : { clause }),
    request_id: requestId,
    ...(proofs === undefined ? {} : { proof: proofs.of({ requestId, status, code, clause }) }),
  };
  return Buffer.from(JSON.stringify(problem));
}
