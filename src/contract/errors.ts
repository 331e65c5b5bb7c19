/**
 * Every error that a caller can meet: stable code, HTTP status, title in both languages of the product.
 * The code is part of the contract; the detail says what to do and never holds data of a person or a secret.
 */
export const errorTable = {
  "bad-request": { status: 400, title: "The request is not valid", titulo: "A requisição não é válida" },
  unauthorized: { status: 401, title: "A valid credential is required", titulo: "É necessária uma credencial válida" },
  forbidden: { status: 403, title: "This is not allowed", titulo: "Isto não é permitido" },
  "not-found": { status: 404, title: "There is nothing here", titulo: "Não há nada aqui" },
  "method-not-allowed": { status: 405, title: "This method is not known here", titulo: "Método desconhecido aqui" },
  "request-timeout": { status: 408, title: "The request did not arrive in time", titulo: "A requisição não chegou a tempo" },
  conflict: { status: 409, title: "This conflicts with what is there", titulo: "Isto conflita com o que já existe" },
  "request-in-progress": {
    status: 409,
    title: "The same request is being carried out",
    titulo: "A mesma requisição está em andamento",
  },
  "outcome-unknown": {
    status: 409,
    title: "The outcome of this request is not known",
    titulo: "O resultado desta requisição não é conhecido",
  },
  "precondition-failed": {
    status: 412,
    title: "It has changed since it was read",
    titulo: "O recurso mudou desde a leitura",
  },
  "body-too-large": { status: 413, title: "The body is too large", titulo: "O corpo é grande demais" },
  "unsupported-media-type": { status: 415, title: "The body must be JSON", titulo: "O corpo deve ser JSON" },
  "wrong-host": { status: 421, title: "This host name is not served here", titulo: "Este nome de host não é atendido aqui" },
  "invalid-field": { status: 422, title: "A field is not valid", titulo: "Um campo não é válido" },
  "precondition-required": {
    status: 428,
    title: "If-Match is required here",
    titulo: "If-Match é obrigatório aqui",
  },
  "too-many-requests": { status: 429, title: "The limit of the license is reached", titulo: "O limite da licença foi atingido" },
  "too-many-tries": { status: 429, title: "Too many tries", titulo: "Tentativas demais" },
  "sign-in-failed": {
    status: 401,
    title: "What was given does not sign anybody in",
    titulo: "Os dados informados não permitem a entrada",
  },
  "second-factor-required": {
    status: 403,
    title: "A second factor must be given just before this",
    titulo: "É preciso informar o segundo fator antes disto",
  },
  "sign-in-locked": {
    status: 429,
    title: "Too many failed sign-ins: wait",
    titulo: "Muitas tentativas de entrada: aguarde",
  },
  "headers-too-large": { status: 431, title: "The headers are too large", titulo: "Os cabeçalhos são grandes demais" },
  internal: { status: 500, title: "Something failed on our side", titulo: "Algo falhou do nosso lado" },
  "upstream-failed": { status: 502, title: "The service behind did not answer well", titulo: "O serviço de origem não respondeu bem" },
  "audit-full": { status: 503, title: "The audit record cannot be written", titulo: "O registro de auditoria não pode ser gravado" },
  "base-away": { status: 503, title: "The commercial base is away", titulo: "A base comercial está indisponível" },
  "switched-off": { status: 503, title: "This has been switched off", titulo: "Isto foi desligado" },
  "store-away": { status: 503, title: "The platform's store is away", titulo: "O armazenamento da plataforma está indisponível" },
  "upstream-unavailable": {
    status: 503,
    title: "The service behind takes no call now",
    titulo: "O serviço de origem não aceita chamadas agora",
  },
  "upstream-timeout": {
    status: 504,
    title: "The service behind did not answer in time",
    titulo: "O serviço de origem não respondeu a tempo",
  },
} as const satisfies Record<string, { status: number; title: string; titulo: string }>;

export type ErrorCode = keyof typeof errorTable;

/** An expected failure, thrown by verbs and mapped once per transport. */
export class AppError extends Error {
  readonly code: ErrorCode;
  /** JSON pointer of the faulty input, where there is one. */
  readonly pointer: string | undefined;

  constructor(code: ErrorCode, detail?: string, more: { pointer?: string; cause?: unknown } = {}) {
    super(detail ?? errorTable[code].title, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = "AppError";
    this.code = code;
    this.pointer = more.pointer;
  }

  get status(): number {
    return errorTable[this.code].status;
  }
}
