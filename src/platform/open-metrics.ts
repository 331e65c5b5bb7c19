import type { Listen } from "./listen.ts";
import { createMetrics, type Metrics, type Reading } from "./metrics.ts";
import { startMetricsListener } from "./metrics-listener.ts";
import type { RoleBoard } from "./role-board.ts";
import type { Shutdown } from "./shutdown.ts";

/** The metrics of this process; on a loopback listener of their own too where one is asked for. */
export async function openMetrics(listen: Listen | undefined, shutdown: Shutdown, roles: Pick<RoleBoard, "list">): Promise<Metrics> {
  const metrics = createMetrics();
  readProcess(metrics);
  metrics.read("gauge", "aqueduto_role_ready", "1 = the role serves.", () =>
    roles.list().map(({ role, ready }): Reading => [{ role }, ready ? 1 : 0]),
  );
  if (listen === undefined) return metrics;
  const listener = await startMetricsListener(listen, metrics);
  shutdown.add({ name: "metrics", deadlineMs: 500, close: () => listener.close() });
  return metrics;
}

/** What the process itself costs. */
function readProcess(metrics: Metrics): void {
  metrics.read("counter", "process_cpu_seconds_total", "CPU time of the process, user and system.", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  metrics.read("gauge", "process_resident_memory_bytes", "Resident memory of the process.", () => process.memoryUsage.rss());
  metrics.read("gauge", "process_uptime_seconds", "Since the start of the process.", () => Math.round(process.uptime()));
}
