import { generateSecret, generateURI, verifySync } from "otplib";

const stepSeconds = 30;

/** A new shared secret (RFC 6238, SHA-1, 6 digits, 30 s: what every authenticator app knows), base32 of 160 bits. */
export function newTotpSecret(): string {
  return generateSecret({ length: 20 });
}

/** What the app's camera reads. */
export function totpUri(of: { secret: string; account: string }): string {
  return generateURI({ issuer: "Aqueduto", label: of.account, secret: of.secret });
}

/**
 * The 30-second step that a code belongs to: the current one or one to each side, for clocks that are off; undefined for
 * a wrong code, and for one at or before `after`, which was used already (RFC 6238 section 5.2).
 */
export function totpStep(secret: string, code: string, at: { now: Date; after: number | null }): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const epoch = Math.floor(at.now.getTime() / 1000);
  const steps = [0, -1, 1].map((offset) => Math.floor(epoch / stepSeconds) + offset);
  return steps.find((step) => (at.after === null || step > at.after) && isCodeOf(secret, code, step));
}

function isCodeOf(secret: string, code: string, step: number): boolean {
  return step >= 0 && verifySync({ secret, token: code, epoch: step * stepSeconds, epochTolerance: 0 }).valid;
}
