import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { AppError } from "../contract/errors.ts";
import type { ActionContext } from "../control/context.ts";
import { defaultDeadlineMs, withDeadline } from "./deadline.ts";
import { newId } from "../platform/ids.ts";
import { createHostCheck, guardRequest } from "./guard-request.ts";
import { linkPage, linkPagePolicy } from "./link-page.ts";
import { logFailure, logRequest } from "./log-request.ts";
import { listeningAddress } from "./listening-address.ts";
import type { AdminOptions } from "./options.ts";
import { replyProblem, toAppError } from "./problem-reply.ts";
import { registerMetricsPage } from "./metrics-page.ts";
import { registerOidcPages } from "./oidc-pages.ts";
import { parseBody } from "./parse-body.ts";
import { registerRoutes } from "./register-routes.ts";
import { refuseMalformed } from "./refuse-malformed.ts";
import { securityHeaders } from "./security-headers.ts";
import { signIn } from "./sign-in.ts";
import { statusPage, statusPagePolicy } from "./status-page.ts";
import { compileValidator } from "./validators.ts";

const bodyLimit = 1024 * 1024;

declare module "fastify" {
  interface FastifyRequest {
    /** Set for every request but those that need no credential. */
    action: ActionContext | undefined;
  }
  interface FastifyContextConfig {
    /** Answered without a credential. */
    open?: boolean;
    /** The body is handed on as text. */
    rawBody?: boolean;
  }
}

/** The admin HTTP server, not yet listening. */
export function createAdminServer(options: AdminOptions): FastifyInstance {
  const codes = new WeakMap<FastifyRequest, string>();
  const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const known = toAppError(error);
    codes.set(request, known.code);
    if (known.status >= 500) logFailure(options.log, request, known);
    return replyProblem(request, reply, known);
  };
  const server = fastify({
    logger: false,
    bodyLimit,
    genReqId: () => newId("req"),
    requestIdHeader: false,
    trustProxy: options.trustedProxies === undefined || options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
    exposeHeadRoutes: false,
    forceCloseConnections: "idle",
    requestTimeout: 30_000,
    keepAliveTimeout: 30_000,
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply.headers(securityHeaders(request.id))),
    // a request without Host is refused like any other that is not valid
    http: { requireHostHeader: false },
    clientErrorHandler: refuseMalformed(options.log),
  });
  // without this, node:http answers an Expect that it does not know by itself
  server.server.on("checkExpectation", (request, response) => server.server.emit("request", request, response));
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("application/json", { parseAs: "buffer" }, parseBody);
  server.setValidatorCompiler(({ schema, httpPart }) => compileValidator(httpPart, schema));
  server.setErrorHandler(answerError);
  server.decorateRequest("action", undefined);
  const isHost = createHostCheck(options.hosts, () => listeningAddress(server)?.port ?? 80);
  server.addHook("onRequest", async (request, reply) => {
    reply.headers(securityHeaders(request.id));
    guardRequest(request, isHost);
    if (request.routeOptions.config.open === true) return;
    request.action = await withDeadline(signIn(options, request), options.deadlineMs ?? defaultDeadlineMs);
  });
  server.addHook("onResponse", async (request, reply) => logRequest(options.log, request, reply, codes.get(request) ?? "ok"));
  server.setNotFoundHandler((request, reply) => answerError(new AppError("not-found"), request, reply));
  registerStatusPage(server, options);
  registerLinkPage(server);
  registerOidcPages(server, options);
  registerMetricsPage(server, options.metrics);
  registerRoutes(server, options);
  return server;
}

function registerLinkPage(server: FastifyInstance): void {
  server.route({
    method: ["GET", "HEAD"],
    url: "/sign-in/link",
    config: { open: true },
    handler: (_, reply) => reply.header("content-security-policy", linkPagePolicy).type("text/html; charset=utf-8").send(linkPage),
  });
}

function registerStatusPage(server: FastifyInstance, options: AdminOptions): void {
  server.route({
    method: ["GET", "HEAD"],
    url: "/",
    config: { open: true },
    handler: (_, reply) =>
      reply.header("content-security-policy", statusPagePolicy).type("text/html; charset=utf-8").send(statusPage(options.readiness())),
  });
}
