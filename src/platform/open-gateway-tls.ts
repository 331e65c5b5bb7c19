import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { Shutdown } from "./shutdown.ts";
import { openTlsMaterial, type TlsFiles, type TlsMaterial } from "./tls-material.ts";

const readAgainEveryMs = 5_000;

type Needs = { clock: Clock; log: Log; shutdown: Shutdown; metrics: Metrics };

/** Certificate and key of the gateway's listener, followed while the process runs; undefined without any. */
export async function openGatewayTls(files: TlsFiles | undefined, needs: Needs): Promise<TlsMaterial | undefined> {
  if (files === undefined) return undefined;
  const { clock, log, shutdown, metrics } = needs;
  const tls = await openTlsMaterial(files, {
    everyMs: readAgainEveryMs,
    now: () => clock.now(),
    onFault: (message) => log.error({ code: "tls-files" }, `${message} The certificate before stays in use.`),
    onRenewed: (expiresAt) => log.info({ expiresAt }, "the gateway's new certificate is in use"),
  });
  shutdown.add({ name: "TLS files", deadlineMs: 100, close: () => Promise.resolve(tls.close()) });
  metrics.read("gauge", "aqueduto_certificate_expires_seconds", "Unix time at which the gateway's certificate ends.", () =>
    Math.floor(tls.expiresAt().getTime() / 1000),
  );
  return tls;
}
