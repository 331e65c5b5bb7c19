import { createServer } from "node:http";
import type { Listen } from "./listen.ts";
import type { Metrics } from "./metrics.ts";

export const metricsType = "text/plain; version=0.0.4; charset=utf-8";

/** Answers GET /metrics on a loopback address, without a credential: for a node that has no admin side. */
export async function startMetricsListener({ host, port }: Listen, metrics: Metrics): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer({ requestTimeout: 5_000 }, (request, response) => {
    request.resume();
    // a page in a browser that was led here by a name of its own learns nothing
    const known = isOwnName(request.headers.host) && request.method === "GET" && request.url === "/metrics";
    response.writeHead(known ? 200 : 404, { "content-type": metricsType, "cache-control": "no-store" });
    response.end(known ? metrics.text() : "");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    async close() {
      const closed = new Promise((resolve) => {
        server.close(resolve);
      });
      server.closeAllConnections();
      await closed;
    },
  };
}

function isOwnName(host: string | undefined): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(host ?? "");
}
