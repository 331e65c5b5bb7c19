import Type, { type TSchema } from "typebox";
import type { LgpdClass } from "./lgpd.ts";

/** An entry of the event catalogue: what producers may hand in and what webhooks get. */
export type EventType = {
  title: string;
  titulo: string;
  description: string;
  descricao: string;
  /** JSON Schema 2020-12 of one item; every field carries `x-lgpd`. Enforced on what comes in by the callback. */
  schema: TSchema;
  /** The same for the item of the thin variant. */
  thinSchema: TSchema;
  /** Fields of the thin variant, in the order they are written. */
  thinFields: readonly string[];
  /** Classes beyond none and technical that a license for the whole variant needs approvals for. */
  sensitivity: readonly LgpdClass[];
  /** The fields that are the producer's idempotency key. */
  keyFields: readonly string[];
  /** An item as it stands on the wire. */
  example: string;
  /** Where the platform itself takes it from. */
  source: string;
};

const draft = "https://json-schema.org/draft/2020-12/schema";

const idtransaction = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: "GSAN's number of the payment (pgmt_id)",
  "x-lgpd": "technical",
});
const idcliente = Type.String({
  pattern: "^[0-9]{5,12}(-[0-9])?$",
  description: "GSAN's client number with the utility's check digit; the digit is not checked",
  "x-lgpd": "indirect",
});
const idimovel = Type.String({
  pattern: "^[0-9]{1,12}(-[0-9])?$",
  description: "The property (matrícula), sent when the client is not known and the utility wants it so",
  "x-lgpd": "indirect",
});
const valorpago = Type.Number({
  minimum: 0,
  maximum: 99_999_999_999.99,
  description: "Amount paid in reais, at most two decimals, no exponent",
  "x-lgpd": "financial",
});

const thinPayment = Type.Object({ idtransaction }, { $schema: draft, additionalProperties: false });

/** Every event type that a webhook may subscribe to. A name is the one key of the body on the wire. */
export const eventTypes = {
  "client-transaction": {
    title: "A client's payment",
    titulo: "Pagamento de um cliente",
    description:
      "A payment entered the commercial base. Sent once per payment; later classification or the closing of the month send nothing.",
    descricao:
      "Um pagamento entrou na base comercial. Enviado uma vez por pagamento; classificação posterior ou encerramento do mês nada enviam.",
    schema: Type.Object(
      { idtransaction, idcliente: Type.Optional(idcliente), idimovel: Type.Optional(idimovel), valorpago },
      { $schema: draft, additionalProperties: false, anyOf: [{ required: ["idcliente"] }, { required: ["idimovel"] }] },
    ),
    thinSchema: thinPayment,
    thinFields: ["idtransaction"],
    sensitivity: ["indirect", "financial"],
    keyFields: ["idtransaction"],
    example: '{"idtransaction":1,"idcliente":"01400-2","valorpago":10}',
    source: "arrecadacao.pagamento, first sight of pgmt_id",
  },
  "client-transaction-reversed": {
    title: "A client's payment was taken back",
    titulo: "Pagamento de um cliente estornado",
    description:
      "A payment that was sent before is no longer in the commercial base, neither in its current nor in its historical records.",
    descricao: "Um pagamento enviado antes não está mais na base comercial, nem nos registros correntes nem no histórico.",
    schema: Type.Object({ idtransaction, valorpago }, { $schema: draft, additionalProperties: false }),
    thinSchema: thinPayment,
    thinFields: ["idtransaction"],
    sensitivity: ["financial"],
    keyFields: ["idtransaction"],
    example: '{"idtransaction":1,"valorpago":10}',
    source: "absence of pgmt_id from pagamento and pagamento_historico in two passes",
  },
} as const satisfies Record<string, EventType>;

export type EventTypeName = keyof typeof eventTypes;

/** The platform's own challenge to a webhook; no license grants it and no producer may write it. */
export const verificationType = "webhook-verification";

/** The catalogue entry of a type, or undefined for a name that is not in it. */
export function eventType(name: string): EventType | undefined {
  return isEventType(name) ? eventTypes[name] : undefined;
}

export function isEventType(name: string): name is EventTypeName {
  return Object.hasOwn(eventTypes, name);
}
