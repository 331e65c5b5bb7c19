import { type ErrorCode, errorTable } from "../../contract/errors.ts";
import type { Words } from "./clause-words.ts";

/** What to do after each code that the gateway answers, where the clause says no more. */
const todo: Partial<Record<ErrorCode, [en: string, pt: string]>> = {
  unauthorized: ["Send a live token of the access as Authorization: Bearer.", "Envie um token válido do acesso em Authorization: Bearer."],
  forbidden: ["Read the clause and the detail of the answer.", "Leia a cláusula e o detalhe da resposta."],
  "not-found": [
    "Check method, path and object against the API document of the license.",
    "Confira método, caminho e objeto no documento da API da licença.",
  ],
  "too-many-requests": ["Wait as many seconds as Retry-After said.", "Espere os segundos indicados em Retry-After."],
  "audit-full": [
    "Try again later; the utility's operators have been told.",
    "Tente mais tarde; os operadores da concessionária foram avisados.",
  ],
  "base-away": ["Try again later.", "Tente mais tarde."],
  "store-away": ["Try again after a short while.", "Tente de novo em instantes."],
  "switched-off": [
    "The utility switched this off; it says when it is back.",
    "A concessionária desligou isto; ela informará quando voltar.",
  ],
  "upstream-failed": [
    "Try again; if it goes on, tell the utility the request id.",
    "Tente de novo; se continuar, informe à concessionária o id da requisição.",
  ],
  "upstream-timeout": [
    "Repeat a reading call; before repeating a change, look whether it took place.",
    "Repita uma consulta; antes de repetir uma alteração, veja se ela ocorreu.",
  ],
  "upstream-unavailable": [
    "Nothing was sent on: wait as Retry-After said, then repeat.",
    "Nada foi enviado: espere o Retry-After e repita.",
  ],
  internal: [
    "Try again; if it goes on, tell the utility the request id.",
    "Tente de novo; se continuar, informe à concessionária o id da requisição.",
  ],
};

const correct: [string, string] = [
  "Correct the request; the answer's detail and pointer say where.",
  "Corrija a requisição; o detalhe e o ponteiro da resposta dizem onde.",
];

const answered: Words = {
  en: { what: "The call was answered.", todo: "Nothing." },
  "pt-BR": { what: "A chamada foi atendida.", todo: "Nada." },
};

const unanswered: Words = {
  en: {
    what: "The call was sent to the service, and no answer of it is recorded.",
    todo: "Look whether the change took place before you repeat the call.",
  },
  "pt-BR": {
    what: "A chamada foi enviada ao serviço e não há registro da resposta.",
    todo: "Veja se a alteração ocorreu antes de repetir a chamada.",
  },
};

export function codeWords(code: string, status: number): Words {
  if (status === 0) return unanswered;
  if (code === "ok" || !isErrorCode(code)) return answered;
  const { title, titulo } = errorTable[code];
  const [en, pt] = todo[code] ?? correct;
  return { en: { what: `${title}.`, todo: en }, "pt-BR": { what: `${titulo}.`, todo: pt } };
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code);
}
