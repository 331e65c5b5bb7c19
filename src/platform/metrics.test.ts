import { expect, test } from "vitest";
import { createMetrics } from "./metrics.ts";

test("counters, gauges and what is read on demand are Prometheus text", () => {
  const metrics = createMetrics();
  metrics.counter("a_total", "what a is", { class: "2xx" }).value += 2;
  metrics.counter("a_total", "what a is", { class: "4xx" }).value += 1;
  metrics.read("gauge", "b", "what b is", () => 0.5);
  metrics.read("gauge", "c", "what c is", () => [[{ target: "x" }, 1]]);
  expect(metrics.text()).toBe(
    `# HELP a_total what a is\n# TYPE a_total counter\na_total{class="2xx"} 2\na_total{class="4xx"} 1\n` +
      `# HELP b what b is\n# TYPE b gauge\nb 0.5\n# HELP c what c is\n# TYPE c gauge\nc{target="x"} 1\n`,
  );
});

test("a series that is asked for again is the same one", () => {
  const metrics = createMetrics();
  metrics.counter("a_total", "a", { x: "1" }).value += 1;
  metrics.counter("a_total", "a", { x: "1" }).value += 1;
  expect(metrics.text()).toContain(`a_total{x="1"} 2\n`);
});

test("a histogram's buckets hold all that is not above their bound, and the last holds all", () => {
  const metrics = createMetrics();
  const series = metrics.histogram({ name: "d", help: "d", bounds: [1, 2] }, { of: "x" });
  for (const value of [0.5, 1, 1.5, 9]) series.observe(value);
  expect(metrics.text()).toBe(
    `# HELP d d\n# TYPE d histogram\nd_bucket{of="x",le="1"} 2\nd_bucket{of="x",le="2"} 3\nd_bucket{of="x",le="+Inf"} 4\n` +
      `d_sum{of="x"} 12\nd_count{of="x"} 4\n`,
  );
});

test("a label's value cannot end its quotes or its line", () => {
  const metrics = createMetrics();
  metrics.counter("a_total", "a", { x: 'q"\\\n} 9' });
  expect(metrics.text()).toContain(`a_total{x="q\\"\\\\\\n} 9"} 0\n`);
});
