import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import type { PasskeyAnswer } from "../../contract/session.ts";
import { rpIdOf, type SignInFrom } from "./context.ts";

type KnownCredential = { credential_id: string | null; transports: string[]; rp_id: string | null };

/** Options of a registration; a passkey must verify its user (PIN, finger, face), so that it can stand alone. */
export function registrationOptions(
  from: Pick<SignInFrom, "origin">,
  of: { userId: string; email: string; known: readonly KnownCredential[] },
) {
  const rpID = rpIdOf(from);
  return generateRegistrationOptions({
    rpName: "Aqueduto",
    rpID,
    userName: of.email,
    userID: new Uint8Array(Buffer.from(of.userId)),
    attestationType: "none",
    excludeCredentials: credentialsOf(of.known, rpID),
    authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
  });
}

/** Options of an authentication: with the credentials of a known person, or open to any passkey of this site. */
export function authenticationOptions(from: Pick<SignInFrom, "origin">, known: readonly KnownCredential[]) {
  const rpID = rpIdOf(from);
  return generateAuthenticationOptions({ rpID, userVerification: "required", allowCredentials: credentialsOf(known, rpID) });
}

/** The credential of a registration's answer; undefined when it does not hold. */
export async function verifiedRegistration(from: Pick<SignInFrom, "origin">, challenge: string, answer: PasskeyAnswer["response"]) {
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: asRegistration(answer),
      expectedChallenge: challenge,
      expectedOrigin: from.origin,
      expectedRPID: rpIdOf(from),
      requireUserVerification: true,
    });
    if (!verified) return undefined;
    const { credential } = registrationInfo;
    return {
      id: credential.id,
      publicKey: Buffer.from(credential.publicKey),
      counter: credential.counter,
      transports: transportsOf(answer),
    };
  } catch {
    // the library throws on every kind of answer that does not hold
    return undefined;
  }
}

export type StoredCredential = { credential_id: string; public_key: Buffer; sign_count: bigint };

/** The new signature counter of an authentication's answer; undefined when it does not hold (also for a cloned key). */
export async function verifiedAuthentication(
  from: Pick<SignInFrom, "origin">,
  challenge: string,
  of: { answer: PasskeyAnswer["response"]; credential: StoredCredential },
): Promise<number | undefined> {
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: asAuthentication(of.answer),
      expectedChallenge: challenge,
      expectedOrigin: from.origin,
      expectedRPID: rpIdOf(from),
      requireUserVerification: true,
      credential: {
        id: of.credential.credential_id,
        publicKey: new Uint8Array(of.credential.public_key),
        counter: Number(of.credential.sign_count),
      },
    });
    return verified ? authenticationInfo.newCounter : undefined;
  } catch {
    return undefined;
  }
}

function credentialsOf(known: readonly KnownCredential[], rpId: string) {
  return known.flatMap((one) =>
    one.credential_id === null || one.rp_id !== rpId
      ? []
      : [{ id: one.credential_id, ...(one.transports.length === 0 ? {} : { transports: one.transports }) }],
  );
}

/** Hints for the browser; anything may stand there, so only short words are kept. */
function transportsOf(answer: PasskeyAnswer["response"]): string[] {
  const listed: unknown = answer.response["transports"];
  if (!Array.isArray(listed)) return [];
  return listed.filter((name): name is string => typeof name === "string" && /^[a-z-]{1,20}$/.test(name)).slice(0, 8);
}

/** The library checks every member of the answer itself. */
function asRegistration(answer: unknown): RegistrationResponseJSON {
  return answer as RegistrationResponseJSON;
}

/** The library checks every member of the answer itself. */
function asAuthentication(answer: unknown): AuthenticationResponseJSON {
  return answer as AuthenticationResponseJSON;
}
