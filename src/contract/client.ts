import { type Body, type CallKey, type Headers, type Params, type Query, type Reply } from "./routes.ts";
import { type RouteKey, splitRouteKey, type StreamKey } from "./routes.ts";
import type { Problem } from "./problem.ts";

/** The part of `fetch` that the client uses, so that it needs neither DOM nor Node types. */
export type FetchLike = (url: string, init: RequestLike) => Promise<ResponseLike>;
export type RequestLike = { method: string; headers: Record<string, string>; body?: string };
export type ResponseLike = {
  status: number;
  headers: { get(name: string): string | null };
  text(): Promise<string>;
  body: AsyncIterable<Uint8Array> | null;
};

type Needed<Name extends string, T> = [T] extends [undefined]
  ? { [N in Name]?: undefined }
  : Partial<Record<string, never>> extends T
    ? { [N in Name]?: T }
    : { [N in Name]: T };

/** What a route takes; `bodyText` replaces `body` by JSON text that must arrive byte for byte. */
export type Input<K extends RouteKey> = Needed<"params", Params<K>> &
  Needed<"query", Query<K>> &
  Needed<"headers", Headers<K>> &
  ((Needed<"body", Body<K>> & { bodyText?: undefined }) | { body?: undefined; bodyText: string });

type Rest<K extends RouteKey> = Record<string, never> extends Input<K> ? [input?: Input<K>] : [input: Input<K>];

export type Client = {
  /** Calls a route and gives its reply. Throws ApiError for a problem, and what `fetch` throws when nothing answers. */
  call<K extends CallKey>(key: K, ...rest: Rest<K>): Promise<Reply<K>>;
  /** Calls a route and gives its reply with the ETag of what it shows, for the If-Match of a change. */
  read<K extends CallKey>(key: K, ...rest: Rest<K>): Promise<{ reply: Reply<K>; etag: string }>;
  /** Calls a route that answers with lines of JSON, one value a line. Throws like `call`. */
  stream<K extends StreamKey>(key: K, ...rest: Rest<K>): AsyncIterable<Reply<K>>;
};

/** The problem document a route answered with. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title);
    this.name = "ApiError";
    this.problem = problem;
  }

  get status(): number {
    return this.problem.status;
  }

  get code(): string {
    return this.problem.code;
  }
}

/** A client of the admin API at `baseUrl` (no trailing slash) with an API key. */
export function createClient(options: { fetch: FetchLike; baseUrl: string; key?: string }): Client {
  return {
    call: async (key, ...rest) => replyOf(await send(options, key, rest[0] ?? {})),
    async read(key, ...rest) {
      const response = await send(options, key, rest[0] ?? {});
      return { reply: await replyOf(response), etag: response.headers.get("etag") ?? "*" };
    },
    stream: (key, ...rest) => linesOf(() => send(options, key, rest[0] ?? {})),
  };
}

type LooseInput = {
  params?: unknown;
  query?: unknown;
  headers?: unknown;
  body?: unknown;
  bodyText?: string | undefined;
};

async function send(options: { fetch: FetchLike; baseUrl: string; key?: string }, key: RouteKey, input: LooseInput): Promise<ResponseLike> {
  const { method, path } = splitRouteKey(key);
  const body = input.bodyText ?? (input.body === undefined ? undefined : JSON.stringify(input.body));
  const headers: Record<string, string> = { accept: "application/json", ...stringsOf(input.headers) };
  if (options.key !== undefined) headers["authorization"] = `Bearer ${options.key}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  const response = await options.fetch(options.baseUrl + fillPath(path, input.params) + queryText(input.query), {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  if (response.status >= 400 && key !== "GET /readyz") throw await problemOf(response);
  return response;
}

function stringsOf(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  return Object.fromEntries(entries.map(([name, v]) => [name, String(v)]));
}

function fillPath(template: string, params: unknown): string {
  const values = stringsOf(params);
  return template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
}

function queryText(query: unknown): string {
  const pairs = Object.entries(stringsOf(query)).map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`);
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

async function problemOf(response: ResponseLike): Promise<ApiError> {
  const text = await response.text();
  try {
    const value: unknown = JSON.parse(text);
    if (isProblem(value)) return new ApiError(value);
  } catch {
    // not JSON: something else than the platform answered
  }
  const title = `HTTP ${response.status} without a problem document`;
  return new ApiError({ type: "about:blank", title, status: response.status, code: "no-problem", request_id: "" });
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "code" in value && "status" in value && "title" in value;
}

async function replyOf<K extends CallKey>(response: ResponseLike): Promise<Reply<K>> {
  return trusted<Reply<K>>(JSON.parse(await response.text()));
}

async function* linesOf<K extends StreamKey>(open: () => Promise<ResponseLike>): AsyncGenerator<Reply<K>> {
  const { body } = await open();
  if (body === null) return;
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield lineOf<K>(line);
  }
  if (rest !== "") yield lineOf<K>(rest);
}

/** A reply that fails after its status went out ends with a line that is a problem document. */
function lineOf<K extends StreamKey>(line: string): Reply<K> {
  const value: unknown = JSON.parse(line);
  if (isProblem(value)) throw new ApiError(value);
  return trusted<Reply<K>>(value);
}

/** The reply has the route's form: the server is the same code and its tests check every reply against the contract. */
function trusted<T>(value: unknown): T {
  return value as T;
}

/** Every runtime has it, but neither the language library nor this room's types name it. */
declare const TextDecoder: new () => { decode(chunk: Uint8Array, options: { stream: boolean }): string };
