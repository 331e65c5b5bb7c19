import type { FastifyReply, FastifyRequest } from "fastify";
import type { SignInDeps, SignInFrom } from "../control/sign-in/context.ts";
import { readCookie, setCookie } from "./cookies.ts";
import type { AdminOptions } from "./options.ts";
import { sessionToken } from "./sign-in.ts";
import { siteOf } from "./site.ts";

/** Where a call comes from, for the routes of sign-in and session. */
export type CallOrigin = SignInFrom & {
  deps: SignInDeps;
  /** The secret of the session in the cookie; empty without one. */
  token: string;
  /** Hands the reply on, and puts its session into the cookie, and what the browser is known by into another. */
  signedIn<T>(made: { reply: T; token: string; device?: string }): T;
  /** Takes the cookie away. */
  signedOut(): void;
};

/** The origin of a call that is being answered. */
export function callOrigin(options: AdminOptions, request: FastifyRequest, reply: FastifyReply): CallOrigin {
  const site = siteOf(options, request);
  const { db, clock, keyring } = options;
  return {
    origin: site.origin,
    ip: request.ip,
    device: readCookie(request.headers.cookie, "device", site),
    deps: { db, clock, keyring, requestId: request.id },
    token: sessionToken(options, request) ?? "",
    signedIn(made) {
      const device = made.device === undefined ? [] : [setCookie("device", site, made.device)];
      reply.header("set-cookie", [setCookie("session", site, made.token), ...device]);
      return made.reply;
    },
    signedOut: () => void reply.header("set-cookie", setCookie("session", site, null)),
  };
}
