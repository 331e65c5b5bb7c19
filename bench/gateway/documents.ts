const field = (type: string, lgpd: string) => ({ type, "x-lgpd": lgpd });

const bill = {
  type: "object",
  properties: {
    bill_id: field("integer", "indirect"),
    reference_month: field("string", "technical"),
    due_on: field("string", "technical"),
    amount: field("number", "financial"),
    consumption_m3: field("integer", "consumption"),
    bar_code: field("string", "indirect"),
    status: field("string", "technical"),
  },
};

const property = {
  type: "object",
  required: ["matricula"],
  properties: {
    matricula: field("integer", "indirect"),
    name: field("string", "identity"),
    document: { ...field("string", "identity"), format: "cpf" },
    phone: field("string", "contact"),
    street: field("string", "address"),
    bairro: field("string", "address"),
    status: field("string", "technical"),
    bills: { type: "array", items: bill },
  },
};

const matricula = { name: "matricula", in: "path", required: true, schema: { type: "integer", minimum: 1 }, "x-lgpd": "indirect" };

/** What the measured service describes: a property with its bills, seven classes of fields. */
export const openapi = {
  openapi: "3.1.0",
  info: { title: "Base under measurement", version: "1" },
  paths: {
    "/v1/properties/{matricula}": {
      get: {
        operationId: "getProperty",
        summary: "A property with its bills",
        parameters: [matricula],
        responses: { 200: { description: "ok", content: { "application/json": { schema: property } } } },
        "x-answers": { parameter: "matricula", field: "/matricula" },
      },
    },
  },
};

/** Matrículas of the measured answers; both end in a size that the figures name. */
export const small = 123_455;
export const large = 987_657;

/** The answers by matrícula: 1 KiB and 64 KiB of synthetic data. */
export const documents: ReadonlyMap<string, string> = new Map([
  [String(small), answerOf(small, 1024)],
  [String(large), answerOf(large, 64 * 1024)],
]);

/** An answer of exactly so many bytes: as many bills as fit, then a street as long as it has to be. */
function answerOf(number: number, bytes: number): string {
  let bills = 0;
  while (textOf(number, bills + 1, "").length <= bytes) bills += 1;
  return textOf(number, bills, "x".repeat(bytes - textOf(number, bills, "").length));
}

function textOf(number: number, bills: number, street: string): string {
  return JSON.stringify({
    matricula: number,
    name: "Fulana de Teste da Silva",
    document: "00000000191",
    phone: "81900000000",
    street,
    bairro: "Bairro de Teste",
    status: "active",
    bills: Array.from({ length: bills }, (_, i) => ({
      bill_id: 700_000 + i,
      reference_month: "2026-10",
      due_on: "2026-11-15",
      amount: 87.5 + i,
      consumption_m3: 14,
      bar_code: "826900000007875001110000000000000000000000000000",
      status: "open",
    })),
  });
}
