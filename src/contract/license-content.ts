import Type, { type Static } from "typebox";
import { Instant, nullable, strict, text } from "./fields.ts";
import { legalBases, type LegalBasis } from "./legal-bases.ts";

/** How much of one x-lgpd class an operation shows; the order of strength is none < masked < full. */
export const Show = Type.Enum(["none", "masked", "full"]);
export type Show = Static<typeof Show>;

/** x-lgpd class -> how much of it is shown. A class that is not named is not shown. */
export const Projection = Type.Record(text(40), Show);

export const LicenseOperation = strict({
  operation_id: text(200),
  projection: Projection,
  /** JSON pointers of the answer's fields (`*` = each list item): the only ones shown, each as its class is. Absent: all. */
  fields: Type.Optional(Type.Array(text(300), { minItems: 1, maxItems: 500 })),
});
export type LicenseOperation = Static<typeof LicenseOperation>;

/** Operations as they are asked for: one by its id, or all that carry an OpenAPI tag now; later ones are not granted with it. */
const OperationInput = strict({
  operation_id: Type.Optional(text(200)),
  tag: Type.Optional(text(100)),
  projection: Projection,
  fields: LicenseOperation.properties.fields,
});
export type OperationInput = Static<typeof OperationInput>;

export const LicenseEvent = strict({ event_type: text(100), variant: Type.Enum(["whole", "thin"]) });
export type LicenseEvent = Static<typeof LicenseEvent>;

/** A person of the contract, by the contact at work. Sealed at rest; shown to who holds `licenses:people`. */
export const Person = strict({
  name: text(200),
  email: Type.Optional(
    Type.String({
      maxLength: 254,
      pattern: "^[^\\s@\\u0000-\\u001f\\u007f\\ud800-\\udfff]+@[^\\s@\\u0000-\\u001f\\u007f\\ud800-\\udfff]+$",
    }),
  ),
  phone: Type.Optional(Type.String({ pattern: "^\\+?[0-9 ()-]{8,25}$" })),
});
export type Person = Static<typeof Person>;

const GsanId = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });
const Matricula = Type.Integer({ minimum: 1, maximum: 999_999_999 });
/** Supply contracts from one to another, both included; GSAN knows a supply contract by its matrícula. */
const ContractRange = strict({ from: Matricula, to: Matricula });
export type ContractRange = Static<typeof ContractRange>;

/** At most this many matrículas in a list. */
export const maxMatriculas = 100_000;

/**
 * The objects a license reaches. A property is inside when its matrícula is in the list or in a range (where either is
 * stated) and its place is one of those named (where any is: municipalities and localities by GSAN's ids).
 */
export const ObjectScope = strict({
  municipalities: Type.Optional(Type.Array(GsanId, { maxItems: 1000 })),
  localities: Type.Optional(Type.Array(GsanId, { maxItems: 5000 })),
  matriculas: Type.Optional(Type.Array(Matricula, { maxItems: maxMatriculas })),
  contract_ranges: Type.Optional(Type.Array(ContractRange, { maxItems: 1000 })),
});
export type ObjectScope = Static<typeof ObjectScope>;

/** The object scope as it is shown: the list of matrículas by its size and hash, to be read apart. */
export const ShownScope = Type.Object({
  municipalities: Type.Array(Type.Integer()),
  localities: Type.Array(Type.Integer()),
  contract_ranges: Type.Array(ContractRange),
  matriculas: nullable(Type.Object({ count: Type.Integer(), sha256: Type.String() })),
});
export type ShownScope = Static<typeof ShownScope>;

/** What every access to the license must be bound to; an empty list demands nothing. */
export const Bindings = strict({
  /** Origins that publishable accesses may register. */
  origins: Type.Array(text(300), { maxItems: 50 }),
  /** Networks that the networks of confidential accesses lie in. */
  cidrs: Type.Array(text(50), { maxItems: 50 }),
  /** SHA-256 of the client certificates that confidential accesses may name, 64 hexadecimal digits. */
  certificates: Type.Array(Type.String({ pattern: "^[0-9a-f]{64}$" }), { maxItems: 50 }),
});
export type Bindings = Static<typeof Bindings>;

const Quota = Type.Integer({ minimum: 1, maximum: 1_000_000_000 });
const Rate = Type.Number({ minimum: 0.001, maximum: 100_000 });
const Burst = Type.Integer({ minimum: 1, maximum: 1_000_000 });

const basisNames = Object.keys(legalBases) as LegalBasis[];

/** What a license says, as people and automation hand it in. */
export const contentInput = {
  name: text(200),
  purpose: text(1000),
  /** LGPD article and item, e.g. `art. 7 V`. */
  legal_basis: Type.Enum(basisNames),
  /** How consent is gathered and withdrawn; needed where consent is the basis. */
  consent: Type.Optional(nullable(text(500))),
  contract_number: Type.Optional(nullable(text(100))),
  starts_at: Type.Optional(Instant),
  ends_at: Instant,
  /** Sustained calls a second per access, to three decimals. */
  rate_per_second: Rate,
  /** Calls that may come at once. */
  burst: Burst,
  /** Calls a day and a month in all. */
  quota_day: Type.Optional(nullable(Quota)),
  quota_month: Type.Optional(nullable(Quota)),
  operations: Type.Array(OperationInput, { maxItems: 500 }),
  events: Type.Optional(Type.Array(LicenseEvent, { maxItems: 100 })),
  object_scope: Type.Optional(nullable(ObjectScope)),
  bindings: Type.Optional(nullable(Bindings)),
  responsible: Type.Optional(nullable(Person)),
  encarregado: Type.Optional(nullable(Person)),
} as const;

const Content = strict(contentInput);

/** Members that are named replace what is there, null takes away, the others stay. */
export const LicenseChange = Type.Partial(Content, { additionalProperties: false });
export type LicenseChange = Static<typeof LicenseChange>;

/** What a version of a license says, without its people and the list of matrículas. */
export const LicenseContent = Type.Object({
  name: Type.String(),
  purpose: Type.String(),
  legal_basis: Type.String(),
  consent: nullable(Type.String()),
  contract_number: nullable(Type.String()),
  starts_at: Instant,
  ends_at: Instant,
  rate_per_second: Type.Number(),
  burst: Type.Integer(),
  quota_day: nullable(Type.Integer()),
  quota_month: nullable(Type.Integer()),
  operations: Type.Array(LicenseOperation),
  events: Type.Array(LicenseEvent),
  object_scope: nullable(ShownScope),
  bindings: nullable(Bindings),
});
export type LicenseContent = Static<typeof LicenseContent>;

/** The people of a version; both null when the asker may not see them. */
export const LicensePeople = {
  responsible: nullable(Person),
  encarregado: nullable(Person),
  people_hidden: Type.Boolean(),
} as const;
