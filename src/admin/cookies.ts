import { deviceMs } from "../control/session/device.ts";
import type { Site } from "./site.ts";

export type CookieKind = "session" | "oidc" | "device";

const names = { session: "aqueduto", oidc: "aqueduto-oidc", device: "aqueduto-device" } as const;
/** How long a browser keeps each; a session until it is closed. */
const seconds = { session: undefined, oidc: 600, device: deviceMs / 1000 } as const;

/**
 * A `__Host-` cookie belongs to exactly this host, came over TLS and stands for every path; a browser takes it in no
 * other form. Plain HTTP on this machine, which has no such cookies, uses the name without the prefix.
 */
export function cookieName(kind: CookieKind, site: Pick<Site, "secure">): string {
  return site.secure ? `__Host-${names[kind]}` : names[kind];
}

/** The value of one cookie; undefined when it is absent, or there twice (then one of them is not ours). */
export function readCookie(header: string | undefined, kind: CookieKind, site: Pick<Site, "secure">): string | undefined {
  const start = `${cookieName(kind, site)}=`;
  const found = (header ?? "")
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part.startsWith(start));
  const [only] = found;
  return only === undefined || found.length > 1 ? undefined : only.slice(start.length);
}

/**
 * The Set-Cookie header of a value; null takes the cookie away. The session is not sent with anything that another site
 * starts (Strict); the other half of a sign-in at a provider comes back by such a navigation (Lax) and lasts ten minutes.
 * What a browser is known by outlives the session.
 */
export function setCookie(kind: CookieKind, site: Pick<Site, "secure">, value: string | null): string {
  const age = value === null ? 0 : seconds[kind];
  const parts = [`${cookieName(kind, site)}=${value ?? ""}`, "Path=/", "HttpOnly", kind === "oidc" ? "SameSite=Lax" : "SameSite=Strict"];
  return [...parts, ...(age === undefined ? [] : [`Max-Age=${age}`]), ...(site.secure ? ["Secure"] : [])].join("; ");
}
