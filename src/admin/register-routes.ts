import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import { AppError } from "../contract/errors.ts";
import { languageOf } from "../contract/language.ts";
import type { Route } from "../contract/route.ts";
import { adminApi, splitRouteKey, type RouteKey, type StreamKey } from "../contract/routes.ts";
import type { ActionContext } from "../control/context.ts";
import type { Outcome } from "../control/idempotency/run-once.ts";
import { demoBase } from "../control/demo/run.ts";
import { exportIncidents } from "../control/incident/export.ts";
import { exportProcessingRecord } from "../control/processing-record/export.ts";
import { requirePerson } from "../control/partner-scope.ts";
import { requireScope } from "../control/require-scope.ts";
import { etagOf } from "../control/row-version.ts";
import { csvStream } from "./csv-stream.ts";
import { callOrigin } from "./call-origin.ts";
import { defaultDeadlineMs, withDeadline } from "./deadline.ts";
import { demoOf, handlers, openHandlers, type Call } from "./handlers.ts";
import { ndjsonStream } from "./ndjson.ts";
import type { AdminOptions } from "./options.ts";
import { markReplayed, replyOnce } from "./reply-once.ts";

const rawBodyLimit = 4 * 1024 * 1024;

/** Registers every route of the contract; those of the demo only where there is one. */
export function registerRoutes(server: FastifyInstance, options: AdminOptions): void {
  for (const key of routeKeys()) {
    const route: Route = adminApi[key];
    if (route.demo !== true || options.demo !== undefined)
      server.route({ ...settingsOf(key, route), handler: handlerOf(key, route, options) });
  }
}

function settingsOf(key: RouteKey, route: Route): Omit<RouteOptions, "handler"> {
  const { method, path } = splitRouteKey(key);
  return {
    method,
    url: path.replaceAll(/\{(\w+)\}/g, ":$1"),
    config: { open: route.permission === null, rawBody: route.rawBody === true },
    ...(route.rawBody === true ? { bodyLimit: rawBodyLimit } : {}),
    schema: {
      ...(route.params === undefined ? {} : { params: route.params }),
      ...(route.query === undefined ? {} : { querystring: route.query }),
      ...(route.headers === undefined ? {} : { headers: route.headers }),
      ...(route.body === undefined || route.rawBody === true ? {} : { body: route.body }),
    },
    // before the body is read and judged: a key without the scope learns nothing about the route's fields
    onRequest: async (request: FastifyRequest) => {
      if (route.permission !== null) requireScope(actionOf(request), route.permission);
      if (route.person === true) requirePerson(actionOf(request));
    },
    preValidation: async (request: FastifyRequest) => {
      if (request.body === undefined && route.body !== undefined) request.body = emptyBody(route);
    },
  };
}

/** A body may be left out where it may be empty. */
function emptyBody(route: Route): unknown {
  return route.rawBody === true ? "" : {};
}

function handlerOf(key: RouteKey, route: Route, options: AdminOptions) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const call = callOf(options, request, reply);
    reply.code(route.status);
    if (isStreamKey(key)) {
      if (route.csv !== undefined && wantsCsv(request.body)) {
        reply.type("text/csv; charset=utf-8").header("content-disposition", "attachment");
        return csvStream(route.csv, streams[key](actionOf(request), call));
      }
      reply.type("application/x-ndjson");
      const told = { requestId: request.id, language: languageOf(request.headers["accept-language"]) };
      return ndjsonStream(streams[key](actionOf(request), call), told);
    }
    const work = route.permission === null ? openAnswer(key, route, call) : keyedAnswer(key, route, { request, call });
    const outcome = route.demo === true ? await work : await withDeadline(work, options.deadlineMs ?? defaultDeadlineMs);
    markReplayed(reply, outcome);
    if (route.etag !== undefined) reply.header("etag", etagOf(key, Object(outcome.body)));
    return reply.code(outcome.status).type("application/json; charset=utf-8").send(JSON.stringify(outcome.body));
  };
}

/** The routes that answer with lines. */
const streams: { [K in StreamKey]: (ctx: ActionContext, call: Call<K>) => AsyncIterable<unknown> } = {
  "POST /v1/demo/base": (ctx, { options, body }) => demoBase(ctx, demoOf(options), body),
  "POST /v1/processing-record/export": (ctx, { body }) => exportProcessingRecord(ctx, body),
  "POST /v1/incident-register/export": (ctx) => exportIncidents(ctx),
};

function wantsCsv(body: unknown): boolean {
  return typeof body === "object" && body !== null && "format" in body && body.format === "csv";
}

async function openAnswer(key: RouteKey, route: Route, call: AnyCall): Promise<Outcome> {
  if (!isKeyOf(openHandlers, key)) throw new AppError("not-found");
  const body = await looseHandler(openHandlers[key])(call);
  return { status: statusOf(key, route, body), body, replayed: false };
}

function keyedAnswer(key: RouteKey, route: Route, { request, call }: { request: FastifyRequest; call: AnyCall }): Promise<Outcome> {
  return replyOnce(key, route, request, async (ctx) => {
    if (!isKeyOf(handlers, key)) throw new AppError("not-found");
    const body = await looseHandler(handlers[key])(ctx, call);
    return { status: statusOf(key, route, body), body };
  });
}

/** 503 for a process that is not ready, 202 for a change that some node has not confirmed. */
function statusOf(key: RouteKey, route: Route, body: unknown): number {
  if (typeof body !== "object" || body === null) return route.status;
  if (key === "GET /readyz") return "ready" in body && body.ready === true ? 200 : 503;
  return route.status === 200 && "state" in body && body.state === "committed" ? 202 : route.status;
}

type AnyCall = Call<RouteKey> & Call<StreamKey>;

/** Each part was checked by the validator against the schema that types it. */
function callOf(options: AdminOptions, request: FastifyRequest, reply: FastifyReply): AnyCall {
  const { params, query, headers, body } = request;
  const from = callOrigin(options, request, reply);
  return { options, from, params, query, headers, body, text: typeof body === "string" ? body : "" } as unknown as AnyCall;
}

/** The call was made for the route whose key names the handler. */
function looseHandler(handler: unknown): (...args: unknown[]) => unknown {
  return handler as (...args: unknown[]) => unknown;
}

function routeKeys(): RouteKey[] {
  return Object.keys(adminApi).filter((key) => isKeyOf(adminApi, key));
}

function isKeyOf<T extends object>(table: T, key: PropertyKey): key is keyof T & string {
  return Object.hasOwn(table, key);
}

function isStreamKey(key: RouteKey): key is StreamKey {
  return isKeyOf(streams, key);
}

function actionOf(request: FastifyRequest): ActionContext {
  if (request.action === undefined) throw new AppError("unauthorized");
  return request.action;
}
