import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../contract/errors.ts";
import { beginOidc, finishOidc, oidcCallbackPath } from "../control/sign-in/oidc.ts";
import { callOrigin } from "./call-origin.ts";
import { readCookie, setCookie } from "./cookies.ts";
import { defaultDeadlineMs, withDeadline } from "./deadline.ts";
import type { AdminOptions } from "./options.ts";
import { siteOf } from "./site.ts";

/**
 * The two navigations of a sign-in at a provider: away to it, and back from it. They are pages, not calls of the API: the
 * browser follows them, and the code in the second one's query is worth nothing without the cookie of the first.
 */
export function registerOidcPages(server: FastifyInstance, options: AdminOptions): void {
  server.route({
    method: "GET",
    url: "/sign-in/oidc/:provider_id",
    config: { open: true },
    handler: (request, reply) => within(options, leave(options, request, reply)),
  });
  server.route({
    method: "GET",
    url: oidcCallbackPath,
    config: { open: true },
    handler: (request, reply) => within(options, arrive(options, request, reply)),
  });
}

function within<T>(options: AdminOptions, work: Promise<T>): Promise<T> {
  return withDeadline(work, options.deadlineMs ?? defaultDeadlineMs);
}

async function leave(options: AdminOptions, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const from = callOrigin(options, request, reply);
  const { url, secret } = await beginOidc(from.deps, from, { provider_id: providerIdOf(request.params) });
  return reply.header("set-cookie", setCookie("oidc", siteOf(options, request), secret)).redirect(url, 302);
}

async function arrive(options: AdminOptions, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const from = callOrigin(options, request, reply);
  const site = siteOf(options, request);
  const secret = readCookie(request.headers.cookie, "oidc", site);
  if (secret === undefined) throw new AppError("sign-in-failed", "this sign-in was not begun in this browser, or took too long");
  const done = await finishOidc(from.deps, from, { secret, callbackUrl: from.origin + request.url });
  return reply.header("set-cookie", [setCookie("session", site, done.token), setCookie("oidc", site, null)]).redirect("/", 302);
}

function providerIdOf(params: unknown): string {
  const id: unknown = Reflect.get(Object(params), "provider_id");
  if (typeof id !== "string" || !/^[\w-]{1,64}$/.test(id)) throw new AppError("not-found");
  return id;
}
