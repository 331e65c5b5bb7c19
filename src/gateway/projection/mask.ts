/** Masked forms of the classes that have one (the table of docs/architecture.md). Each takes text and gives text, or undefined for "drop it". */
export type Mask = (value: string) => string | undefined;

export const masks = {
  document: maskDocument,
  name: maskName,
  email: maskEmail,
  phone: maskPhone,
  identity: maskIdentity,
  contact: maskContact,
  keep: (value: string) => value,
  drop: () => undefined,
} as const satisfies Record<string, Mask>;

export type MaskName = keyof typeof masks;

export function isMaskName(value: unknown): value is MaskName {
  return typeof value === "string" && Object.hasOwn(masks, value);
}

const cpfPattern = /^[0-9]{11}$/;
/** From July 2026 the first twelve places of a CNPJ may be letters. */
const cnpjPattern = /^[0-9A-Z]{12}[0-9]{2}$/;

/** CPF: the six middle digits, `***.456.789-**`. CNPJ: `**.345.678/****-**`. Anything else is dropped. */
export function maskDocument(value: string): string | undefined {
  const bare = value.trim().replaceAll(/[./-]/g, "").toUpperCase();
  if (cpfPattern.test(bare)) return `***.${bare.slice(3, 6)}.${bare.slice(6, 9)}-**`;
  if (cnpjPattern.test(bare)) return `**.${bare.slice(2, 5)}.${bare.slice(5, 8)}/****-**`;
  return undefined;
}

/** Initials: `Maria da Silva` -> `M. D. S.` */
export function maskName(value: string): string | undefined {
  const initials = value
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .map((word) => [...word][0]?.toUpperCase() ?? "")
    .filter((letter) => letter !== "");
  return initials.length === 0 ? undefined : `${initials.join(". ")}.`;
}

/** `maria@example.com` -> `m***@e***` */
export function maskEmail(value: string): string | undefined {
  const [, user, host] = /^([^@\s])[^@\s]*@([^@\s])[^@\s]*$/.exec(value.trim()) ?? [];
  return user === undefined || host === undefined ? undefined : `${user}***@${host}***`;
}

/** The last two digits: `***21`. The number of digits is not shown. Fewer than eight digits are no phone and are dropped. */
export function maskPhone(value: string): string | undefined {
  const digits = value.replaceAll(/[^0-9]/g, "");
  return digits.length < 8 ? undefined : `***${digits.slice(-2)}`;
}

function maskIdentity(value: string): string | undefined {
  return /[0-9]/.test(value) ? maskDocument(value) : maskName(value);
}

function maskContact(value: string): string | undefined {
  return value.includes("@") ? maskEmail(value) : maskPhone(value);
}
