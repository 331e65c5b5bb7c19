/** What happened and what to do about it, in both languages of the product. */
export type Words = { en: Says; "pt-BR": Says };
type Says = { what: string; todo: string };

function words(en: [what: string, todo: string], pt: [what: string, todo: string]): Words {
  return { en: { what: en[0], todo: en[1] }, "pt-BR": { what: pt[0], todo: pt[1] } };
}

const newToken: [string, string] = [
  "Make a new token for the access (or use the newest one) and send that.",
  "Gere um novo token para o acesso (ou use o mais recente) e envie-o.",
];
const askUtility: [string, string] = ["Ask the utility to enable it again.", "Peça à concessionária que o reative."];
const waitRetry: [string, string] = [
  "Wait as many seconds as Retry-After said. If it happens often, spread the calls or ask for a license version that allows more.",
  "Espere os segundos indicados em Retry-After. Se ocorrer com frequência, espace as chamadas ou peça uma versão da licença que permita mais.",
];
const newVersion: [string, string] = [
  "Ask the utility for a license version that is in force.",
  "Peça à concessionária uma versão da licença que esteja em vigor.",
];

function token(en: string, pt: string): Words {
  return words([en, newToken[0]], [pt, newToken[1]]);
}

function refused(en: string, pt: string, todo: [string, string]): Words {
  return words([en, todo[0]], [pt, todo[1]]);
}

/** Clauses of the audit whose reason is more than their code says. */
export const clauseWords: Readonly<Record<string, Words>> = {
  // 401: the token was recognised, else the call is nobody's and nobody sees it
  "token-ended": token("The token was revoked or replaced.", "O token foi revogado ou substituído."),
  "token-expired": token("The token had expired.", "O token estava vencido."),
  "token-retired": token(
    "The token was replaced by a newer one, and its overlap was over.",
    "O token foi substituído por outro, e o período de convivência terminou.",
  ),
  "token-revoked-here": token("The token was revoked just before.", "O token acabara de ser revogado."),
  "token-switched-off": refused("The utility switched the token off.", "A concessionária desligou o token.", askUtility),
  "token-mode": words(
    ["A token of the other mode (live or test) was sent.", "Send the token that was made for this access."],
    ["Foi enviado um token do outro modo (live ou test).", "Envie o token gerado para este acesso."],
  ),
  "token-own-publishable": token(
    "A value of the client's own making cannot be the token of a publishable access.",
    "Um valor criado pelo cliente não pode ser o token de um acesso publicável.",
  ),
  "access-expired": words(
    ["The access had expired.", "Ask the utility to extend the access, or make a new one."],
    ["O acesso estava vencido.", "Peça à concessionária que prorrogue o acesso, ou crie outro."],
  ),
  // 403
  address: words(
    ["The call came from an address outside the networks of the access.", "Call from a registered network, or change the access's list."],
    ["A chamada veio de um endereço fora das redes do acesso.", "Chame de uma rede registrada, ou altere a lista do acesso."],
  ),
  certificate: words(
    ["The client certificate was missing or is not the one of the access.", "Present the registered certificate, or register the new one."],
    ["O certificado de cliente faltou ou não é o do acesso.", "Apresente o certificado registrado, ou registre o novo."],
  ),
  origin: words(
    ["The Origin of the call is none of the access's web origins.", "Call from a registered origin, or change the access's list."],
    ["A origem (Origin) da chamada não é uma das registradas no acesso.", "Chame de uma origem registrada, ou altere a lista do acesso."],
  ),
  "license-ended": refused("The license had ended.", "A licença havia terminado.", newVersion),
  "license-not-started": words(
    ["The license had not begun.", "Call from the day on which the license begins."],
    ["A licença ainda não havia começado.", "Chame a partir do dia em que a licença começa."],
  ),
  "license-not-active": refused("The license was not in force yet.", "A licença ainda não estava em vigor.", newVersion),
  "license-suspended": words(
    ["The license was suspended.", "Ask the utility why, and to resume it."],
    ["A licença estava suspensa.", "Pergunte à concessionária o motivo e peça a retomada."],
  ),
  "license-switched-off": refused("The utility switched the license off.", "A concessionária desligou a licença.", askUtility),
  "content-digest": words(
    ["Content-Digest does not fit the body.", "Send the SHA-256 or SHA-512 of the body as it goes out."],
    ["Content-Digest não corresponde ao corpo.", "Envie o SHA-256 ou SHA-512 do corpo como ele é transmitido."],
  ),
  // 404
  "route-unknown": words(
    ["No operation has this method and path.", "Compare method and path with the API document of the license."],
    ["Nenhuma operação tem este método e caminho.", "Compare método e caminho com o documento da API da licença."],
  ),
  "operation-not-licensed": words(
    ["The operation is there, but this license version does not grant it.", "Ask the utility for a version that grants the operation."],
    ["A operação existe, mas esta versão da licença não a concede.", "Peça à concessionária uma versão que conceda a operação."],
  ),
  "operation-not-publishable": words(
    ["The operation cannot be called with a publishable access.", "Call it from a server, with a confidential access."],
    ["A operação não pode ser chamada com um acesso publicável.", "Chame-a de um servidor, com um acesso confidencial."],
  ),
  "service-disabled": refused(
    "The service behind the operation is disabled.",
    "O serviço por trás da operação está desativado.",
    askUtility,
  ),
  "object-scope": words(
    ["The object lies outside the scope of the license.", "Ask for objects of the license's scope, or for a version with a wider one."],
    ["O objeto está fora do escopo da licença.", "Consulte objetos do escopo da licença, ou peça uma versão com escopo maior."],
  ),
  "object-unknown": words(
    ["The service does not know the object.", "Check the number that was sent."],
    ["O serviço não conhece o objeto.", "Confira o número enviado."],
  ),
  "opaque-reference": words(
    ["The reference is none that this license was given.", "Use references from answers to this same license."],
    ["A referência não foi emitida para esta licença.", "Use referências vindas de respostas a esta mesma licença."],
  ),
  // 429
  limit: refused("The license's calls a second were used up.", "As chamadas por segundo da licença se esgotaram.", waitRetry),
  "limit-address": refused("One address called too often.", "Um endereço chamou vezes demais.", waitRetry),
  "limit-target": refused("One object was asked for too often.", "Um mesmo objeto foi consultado vezes demais.", waitRetry),
  "quota-day": refused("The license's calls of the day were used up.", "As chamadas do dia da licença se esgotaram.", waitRetry),
  "quota-month": refused("The license's calls of the month were used up.", "As chamadas do mês da licença se esgotaram.", waitRetry),
  // 5xx
  "no-target": words(
    ["The service has no address for this mode (live or test).", "Tell the utility the request id."],
    ["O serviço não tem endereço para este modo (live ou test).", "Informe à concessionária o id da requisição."],
  ),
  "answer-schema": words(
    ["The service answered in a form that it does not declare, so nothing was shown.", "Tell the utility the request id."],
    ["O serviço respondeu em formato não declarado, e nada foi mostrado.", "Informe à concessionária o id da requisição."],
  ),
};

/** What the holders in `<holder>-disabled`, `-revoked` and `-switched-off` are called. */
export const holders: Readonly<Record<string, [en: string, pt: string]>> = {
  access: ["access", "acesso"],
  client: ["client", "cliente"],
  partner: ["partner", "parceiro"],
};

const states: Readonly<Record<string, [en: string, pt: string]>> = {
  disabled: ["disabled", "desativado"],
  revoked: ["revoked for good", "revogado em definitivo"],
  "switched-off": ["switched off by the utility", "desligado pela concessionária"],
};

const askNew: [string, string] = [
  "It does not come back: ask the utility for a new one.",
  "Não volta a valer: peça um novo à concessionária.",
];

export function holderWords([en, pt]: [string, string], state: string): Words {
  const [inEnglish, inPortuguese] = states[state] ?? [state, state];
  return refused(`The ${en} was ${inEnglish}.`, `O ${pt} estava ${inPortuguese}.`, state === "revoked" ? askNew : askUtility);
}
