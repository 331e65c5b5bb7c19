import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { AppError } from "../../contract/errors.ts";

/** Stronger than the OWASP minimum for argon2id (19 MiB, 2 passes, 1 lane): 32 MiB, 2 passes. */
export const argonParameters = { memoryKib: 32_768, passes: 2, lanes: 1 } as const;

const tagBytes = 32;
const saltBytes = 16;
/** How many hashes run at once: sign-ins cannot take all memory or all threads. */
const mostRunning = 2;
/** How many callers may hash or wait for it. */
const mostPlaces = 66;

type Phc = { memoryKib: number; passes: number; lanes: number; salt: Buffer; tag: Buffer };

/** The PHC string of a password. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const { memoryKib, passes, lanes } = argonParameters;
  const tag = await derive(password, { ...argonParameters, salt });
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}$${unpadded(salt)}$${unpadded(tag)}`;
}

/** Whether a password is the one of a PHC string. Without one the same work is done, and the answer is no. */
export async function checkPassword(password: string, stored: string | null): Promise<boolean> {
  const phc = stored === null ? undefined : parsePhc(stored);
  const against = phc ?? { ...argonParameters, salt: Buffer.alloc(saltBytes), tag: Buffer.alloc(tagBytes) };
  const tag = await derive(password, against);
  return tag.length === against.tag.length && timingSafeEqual(tag, against.tag) && phc !== undefined;
}

/** Whether a PHC string was made with other parameters than today's. */
export function isOutdated(stored: string): boolean {
  const phc = parsePhc(stored);
  return phc === undefined || Object.entries(argonParameters).some(([name, value]) => Reflect.get(phc, name) !== value);
}

/**
 * The rules of NIST SP 800-63B: length, nothing that is trivially guessed, no rules of composition. `invalid-field`.
 */
export function checkNewPassword(password: string, email: string): void {
  const pointer = "/body/password";
  const normal = normalPassword(password);
  const count = [...normal].length;
  if (count < 12 || count > 512) throw new AppError("invalid-field", "a password has 12 to 512 characters", { pointer });
  if (new Set(normal.toLowerCase()).size < 5) throw new AppError("invalid-field", "the password repeats too few characters", { pointer });
  const local = email.slice(0, email.lastIndexOf("@"));
  const lower = normal.toLowerCase();
  if (lower === email || (local.length >= 6 && lower.includes(local)))
    throw new AppError("invalid-field", "the password holds the e-mail address", { pointer });
  if (isRun(lower)) throw new AppError("invalid-field", "the password is a run of neighboring characters", { pointer });
}

/** abcdefghijkl, 123456789012: each character is the next (or the one before) of the one before it, 9 and 0 being neighbors. */
function isRun(text: string): boolean {
  const codes = [...text].map((character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0));
  const isStep = (by: number) => (step: number) => step === by || step === -9 * by;
  return steps.every(isStep(1)) || steps.every(isStep(-1));
}

/** The same characters typed on two keyboards are the same password (RFC 8265: NFC; NIST: NFKC). */
function normalPassword(password: string): string {
  return password.normalize("NFKC");
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

function parsePhc(text: string): Phc | undefined {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(text);
  const [, m, t, p, salt, tag] = match ?? [];
  if (m === undefined || t === undefined || p === undefined || salt === undefined || tag === undefined) return undefined;
  return { memoryKib: Number(m), passes: Number(t), lanes: Number(p), salt: Buffer.from(salt, "base64"), tag: Buffer.from(tag, "base64") };
}

/**
 * Runs work that hashes passwords, which must run in here. Refuses (`sign-in-locked`) before it begins where too many are
 * at it, so that nothing was counted as a try.
 */
export async function inHashQueue<T>(work: () => Promise<T>): Promise<T> {
  if (places >= mostPlaces) throw new AppError("sign-in-locked", "too many sign-ins at once: try again in a moment");
  places += 1;
  try {
    return await work();
  } finally {
    places -= 1;
  }
}

async function derive(password: string, by: Omit<Phc, "tag">): Promise<Buffer> {
  await enter();
  try {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    argon2(
      "argon2id",
      {
        message: normalPassword(password),
        nonce: by.salt,
        memory: by.memoryKib,
        passes: by.passes,
        parallelism: by.lanes,
        tagLength: tagBytes,
      },
      (error, tag) => (error === null ? resolve(tag) : reject(error)),
    );
    return await promise;
  } finally {
    leave();
  }
}

let places = 0;
let running = 0;
const waiting: (() => void)[] = [];

async function enter(): Promise<void> {
  if (running < mostRunning) {
    running += 1;
    return;
  }
  // whoever leaves hands the place on, so `running` stays as it is
  const { promise, resolve } = Promise.withResolvers<undefined>();
  waiting.push(() => resolve(undefined));
  await promise;
}

function leave(): void {
  const next = waiting.shift();
  if (next === undefined) running -= 1;
  else next();
}
