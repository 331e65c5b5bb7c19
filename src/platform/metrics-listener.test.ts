import { request } from "node:http";
import { expect, test } from "vitest";
import { createMetrics } from "./metrics.ts";
import { startMetricsListener } from "./metrics-listener.ts";

function get(port: number, path: string, host = `127.0.0.1:${port}`): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: "127.0.0.1", port, path, headers: { host }, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.on("error", reject).end();
  });
}

test("it answers GET /metrics by its own name, and nothing else", async () => {
  const metrics = createMetrics();
  metrics.counter("a_total", "a").value += 1;
  const listener = await startMetricsListener({ host: "127.0.0.1", port: 0 }, metrics);
  const [good, elsewhere, rebound] = await Promise.all([
    get(listener.port, "/metrics"),
    get(listener.port, "/"),
    get(listener.port, "/metrics", "evil.example"),
  ]);
  await listener.close();
  expect(good).toEqual({ status: 200, text: metrics.text() });
  expect([elsewhere, rebound].map(({ status, text }) => ({ status, text }))).toEqual([
    { status: 404, text: "" },
    { status: 404, text: "" },
  ]);
});
