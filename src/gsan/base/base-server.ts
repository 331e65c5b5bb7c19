import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { AppError } from "../../contract/errors.ts";
import type { UnpackedOperation } from "../../contract/unpack-openapi.ts";
import type { Clock } from "../../platform/clock.ts";
import { newId } from "../../platform/ids.ts";
import type { Log } from "../../platform/log.ts";
import { authenticate, type GatewayKeys } from "./authenticate.ts";
import type { Readiness } from "./gsan-watch.ts";
import type { Answer, OperationInput } from "./operation.ts";
import { sendProblem, toAppError } from "./problem-reply.ts";
import { compileInputCheck } from "./validators.ts";

/** Answers one operation within `timeoutMs`; throws AppError, or what the database threw. */
export type AnswerOperation = (operationId: string, input: OperationInput, timeoutMs: number) => Promise<Answer>;

export type ServerParts = {
  keys: GatewayKeys;
  operations: readonly UnpackedOperation[];
  answer: AnswerOperation;
  readiness(): Readiness;
  /** Told of every failure that was not the caller's. */
  onFailure(error: unknown): void;
  log: Log;
  clock: Clock;
};

declare module "fastify" {
  interface FastifyContextConfig {
    /** Answers without a credential. */
    open?: boolean;
    operationId?: string;
  }
  interface FastifyRequest {
    /** Request id of the gateway, from its signed claims; before that one of our own. */
    requestId: string;
  }
}

/**
 * The HTTP side of the base: one route per operation of the catalogue. Everything but /healthz and /readyz needs the
 * gateway's credential and signed identity; without both, known and unknown paths get the same 401.
 */
export function buildBaseServer(parts: ServerParts): FastifyInstance {
  const app = fastify({
    logger: false,
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: false, caseSensitive: true },
    exposeHeadRoutes: false,
    requestTimeout: 30_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: "idle",
    return503OnClosing: true,
    bodyLimit: 65_536,
    genReqId: () => newId("req", parts.clock.now().getTime()),
    frameworkErrors: (_error, request, reply) => void refuse(parts, request, reply),
  });
  app.removeContentTypeParser("text/plain");
  app.decorateRequest("requestId", "");
  app.addHook("onRequest", async (request, reply) => admit(parts, request, reply));
  app.setErrorHandler((error, request, reply) => fail({ parts, request, reply }, error));
  app.setNotFoundHandler((request, reply) => sendProblem(reply, new AppError("not-found"), request.requestId));
  app.get("/healthz", { config: { open: true } }, () => ({ status: "ok" }));
  app.get("/readyz", { config: { open: true } }, (_request, reply) => sendReadiness(parts, reply));
  for (const operation of parts.operations) addOperation(app, parts, operation);
  return app;
}

async function admit(parts: ServerParts, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  request.requestId = request.id;
  reply.header("cache-control", "no-store");
  if (isOpen(request)) return;
  const presented = { authorization: request.headers.authorization, identity: request.headers["aqueduto-identity"] };
  const claims = authenticate(parts.keys, presented, Math.floor(parts.clock.now().getTime() / 1000));
  if (claims === undefined) throw new AppError("unauthorized");
  if (typeof claims["request_id"] === "string") request.requestId = claims["request_id"];
  // claims of one call open no other operation
  const operationId = operationOf(request);
  if (operationId !== undefined && claims["operation"] !== operationId) throw new AppError("unauthorized");
}

function isOpen(request: FastifyRequest): boolean {
  return request.routeOptions.config?.open === true;
}

function operationOf(request: FastifyRequest): string | undefined {
  return request.routeOptions.config?.operationId;
}

/** A URL that cannot be routed: hooks have not run, so the credential is asked for here. */
async function refuse(parts: ServerParts, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  try {
    await admit(parts, request, reply);
    void sendProblem(reply, new AppError("not-found"), request.requestId);
  } catch {
    void sendProblem(reply, new AppError("unauthorized"), request.id);
  }
}

function addOperation(app: FastifyInstance, parts: ServerParts, operation: UnpackedOperation): void {
  const checkInput = compileInputCheck(operation);
  app.route({
    method: operation.method,
    url: operation.path.replaceAll(/\{([^}]+)\}/g, ":$1"),
    config: { operationId: operation.operation_id },
    bodyLimit: Math.max(operation.max_body_bytes, 1),
    handler: async (request, reply) => {
      const timeoutMs = deadlineMs(request.headers["aqueduto-deadline-ms"], operation.timeout_ms);
      const input = checkInput(request);
      const { ready } = parts.readiness();
      if (!ready) throw new AppError("base-away");
      const answer = await parts.answer(operation.operation_id, input, timeoutMs);
      return reply.type("application/json").send(Buffer.from(JSON.stringify(answer)));
    },
  });
}

/** The caller's deadline, never beyond the operation's own. */
function deadlineMs(header: string | string[] | undefined, ownMs: number): number {
  if (header === undefined) return ownMs;
  if (typeof header !== "string" || !/^[1-9]\d{0,5}$/.test(header)) {
    throw new AppError("invalid-field", "milliseconds from 1 to 999999 are expected", { pointer: "/headers/aqueduto-deadline-ms" });
  }
  return Math.min(Number(header), ownMs);
}

function sendReadiness(parts: ServerParts, reply: FastifyReply): FastifyReply {
  const { ready } = parts.readiness();
  return reply.code(ready ? 200 : 503).send({ ready });
}

type Exchange = { parts: ServerParts; request: FastifyRequest; reply: FastifyReply };

function fail({ parts, request, reply }: Exchange, error: unknown): FastifyReply {
  const known = toAppError(error);
  const line = { operation: operationOf(request), code: known.code, request_id: request.requestId, ...causeOf(known) };
  if (known.status >= 500) {
    parts.onFailure(known.cause ?? known);
    parts.log.error(line, "request failed");
  } else parts.log.info(line, "request refused");
  return sendProblem(reply, known, request.requestId);
}

/** What may stand in a log of a foreign error: its code and where it happened; its message may hold data. */
function causeOf(error: AppError): { cause?: string; at?: string } {
  if (!(error.cause instanceof Error)) return {};
  const code = "code" in error.cause && typeof error.cause.code === "string" ? error.cause.code : error.cause.name;
  const frames = error.cause.stack?.split("\n").filter((row) => /^\s+at /.test(row)) ?? [];
  return {
    cause: code,
    at: frames
      .slice(0, 4)
      .map((row) => row.trim())
      .join(" < "),
  };
}
