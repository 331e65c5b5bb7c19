import Type, { type Static } from "typebox";
import { page, pageQuery, strict } from "./fields.ts";
import { LicenseEvent, LicenseOperation } from "./license-content.ts";
import type { LegalBasis } from "./legal-bases.ts";
import type { Route } from "./route.ts";

/** What partners of one kind usually need: a draft to begin with, never a grant. */
export const LicenseTemplate = Type.Object({
  template_id: Type.String(),
  title: Type.String(),
  titulo: Type.String(),
  /** In Portuguese: it stands in the license and in the record of processing. */
  purpose: Type.String(),
  legal_basis: Type.String(),
  rate_per_second: Type.Number(),
  burst: Type.Integer(),
  operations: Type.Array(LicenseOperation),
  events: Type.Array(LicenseEvent),
});
export type LicenseTemplate = Static<typeof LicenseTemplate>;

type Entry = Omit<LicenseTemplate, "template_id" | "rate_per_second" | "burst"> & {
  legal_basis: LegalBasis;
  rate?: number;
  burst?: number;
};

type Levels = LicenseOperation["projection"];
const op = (operation_id: string, projection: Levels, fields?: string[]): LicenseOperation => ({
  operation_id,
  projection,
  ...(fields === undefined ? {} : { fields }),
});
const places = [op("listLocalities", {}), op("getLocality", {})];
const payments: LicenseEvent[] = [
  { event_type: "client-transaction", variant: "whole" },
  { event_type: "client-transaction-reversed", variant: "whole" },
];
const thinPayments: LicenseEvent[] = payments.map(({ event_type }) => ({ event_type, variant: "thin" }));
const amounts: Levels = { indirect: "full", financial: "full" };

/** Partner kinds of the trade, with the operations of the base catalogue that serve them and the least that these show. */
const entries: Record<string, Entry> = {
  bank: {
    title: "Bank or collecting agent",
    titulo: "Banco ou arrecadador",
    purpose: "Arrecadação de contas e conciliação dos pagamentos recebidos",
    legal_basis: "art. 7 V",
    operations: [op("getBill", amounts), op("listPropertyPayments", amounts)],
    events: payments,
  },
  "card-acquirer": {
    title: "Card acquirer",
    titulo: "Adquirente de cartão",
    purpose: "Pagamento de débitos por cartão, à vista ou parcelado",
    legal_basis: "art. 7 V",
    operations: [op("listDebts", { ...amounts, identity: "masked" }), op("listOpenBills", amounts), op("getBill", amounts)],
    events: payments,
  },
  "pix-psp": {
    title: "PIX payment provider",
    titulo: "Prestador PIX (PSP)",
    purpose: "Emissão e baixa de cobranças PIX das contas em aberto",
    legal_basis: "art. 7 V",
    operations: [op("listOpenBills", amounts), op("getBill", amounts)],
    events: payments,
  },
  chatbot: {
    title: "Chatbot, voice response, call centre",
    titulo: "Chatbot, URA, central de atendimento",
    purpose: "Atendimento a clientes sobre as próprias contas, com confirmação de identidade",
    legal_basis: "art. 7 V",
    operations: [
      op("checkIdentity", { indirect: "full", identity: "full" }),
      op("getProperty", { indirect: "full", identity: "masked", address: "masked", consumption: "full" }),
      op("listOpenBills", amounts),
      ...places,
    ],
    events: [],
  },
  "virtual-agency": {
    title: "Virtual agency, shop, self-service terminal",
    titulo: "Agência virtual, loja, totem",
    purpose: "Autoatendimento do cliente: contas, pagamentos e consumo do próprio imóvel",
    legal_basis: "art. 7 V",
    operations: [
      op("checkIdentity", { indirect: "full", identity: "full" }),
      op("getProperty", {
        indirect: "full",
        identity: "masked",
        contact: "masked",
        address: "masked",
        consumption: "full",
        financial: "full",
      }),
      op("listOpenBills", amounts),
      op("getBill", { ...amounts, consumption: "full" }),
      op("listPropertyPayments", amounts),
      op("getConsumption", { indirect: "full", consumption: "full" }),
      ...places,
    ],
    events: [],
  },
  "credit-bureau": {
    title: "Credit bureau",
    titulo: "Birô de crédito (negativação)",
    purpose: "Proteção do crédito: inclusão e exclusão de registros de inadimplência",
    legal_basis: "art. 7 X",
    operations: [op("listDebts", { ...amounts, identity: "full" })],
    events: payments,
  },
  notary: {
    title: "Notary, protest of debts",
    titulo: "Cartório de protesto",
    purpose: "Protesto de débitos e seu cancelamento após o pagamento",
    legal_basis: "art. 7 II",
    operations: [op("listDebts", { ...amounts, identity: "full" })],
    events: payments,
  },
  collection: {
    title: "Collection company",
    titulo: "Empresa de cobrança",
    purpose: "Cobrança de débitos vencidos por conta da concessionária",
    legal_basis: "art. 7 V",
    operations: [
      op("getProperty", { indirect: "full", identity: "full", contact: "full", address: "masked" }),
      op("listOpenBills", amounts),
      op("listPropertyPayments", amounts),
    ],
    events: payments,
  },
  "field-service": {
    title: "Field service",
    titulo: "Serviço de campo",
    purpose: "Execução de ordens de serviço, cortes e religações",
    legal_basis: "art. 7 V",
    operations: [op("getProperty", { indirect: "full", identity: "masked", address: "full", consumption: "full" }), ...places],
    events: [],
  },
  donation: {
    title: "Organisation that receives donations",
    titulo: "Entidade que recebe doações",
    purpose: "Confirmação das doações arrecadadas na conta",
    legal_basis: "art. 7 I",
    operations: places,
    events: thinPayments,
  },
  municipality: {
    title: "Municipality, regulator, state fund",
    titulo: "Município, agência reguladora, fundo estadual",
    purpose: "Fiscalização e regulação do serviço no seu território",
    legal_basis: "art. 7 II",
    operations: [op("getConsumption", { indirect: "masked", consumption: "full" }), ...places],
    events: [],
  },
  "concession-split": {
    title: "Concession split: the other operator of the area",
    titulo: "Concessão dividida: o outro operador da área",
    purpose: "Continuidade do serviço entre a companhia e a concessionária da área",
    legal_basis: "art. 23",
    rate: 50,
    burst: 200,
    operations: [
      op("getProperty", { indirect: "full", identity: "full", address: "full", consumption: "full" }),
      op("listOpenBills", amounts),
      op("getBill", { ...amounts, consumption: "full" }),
      op("listPropertyPayments", amounts),
      op("getConsumption", { indirect: "full", consumption: "full" }),
      ...places,
    ],
    events: [],
  },
};

/** Every template, by id. */
export const licenseTemplates: readonly LicenseTemplate[] = Object.entries(entries)
  .map(([template_id, { rate = 10, burst = 50, ...entry }]) => ({ template_id, ...entry, rate_per_second: rate, burst }))
  .toSorted((a, b) => (a.template_id < b.template_id ? -1 : 1));

export function licenseTemplate(templateId: string): LicenseTemplate | undefined {
  return licenseTemplates.find((template) => template.template_id === templateId);
}

export const licenseTemplateRoutes = {
  "GET /v1/license-templates": {
    summary: "List templates of licenses by kind of partner",
    permission: "licenses:read",
    query: strict({ ...pageQuery }),
    reply: page(LicenseTemplate),
    status: 200,
    errors: [],
  },
} as const satisfies Record<string, Route>;
