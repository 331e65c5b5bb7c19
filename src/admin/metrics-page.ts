import type { FastifyInstance } from "fastify";
import { AppError } from "../contract/errors.ts";
import { requireWholeTenant } from "../control/partner-scope.ts";
import { requireScope } from "../control/require-scope.ts";
import type { Metrics } from "../platform/metrics.ts";
import { metricsType } from "../platform/metrics-listener.ts";

/** GET /metrics for Prometheus, with an API key of scope `metrics:read`. Outside the contract, because it is no JSON. */
export function registerMetricsPage(server: FastifyInstance, metrics: Metrics | undefined): void {
  if (metrics === undefined) return;
  server.route({
    method: "GET",
    url: "/metrics",
    onRequest: async ({ action }) => {
      if (action === undefined) throw new AppError("unauthorized");
      requireScope(action, "metrics:read");
      requireWholeTenant(action);
    },
    handler: (_, reply) => reply.type(metricsType).send(metrics.text()),
  });
}
