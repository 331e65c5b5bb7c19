import { Agent, request } from "undici";
import type { Alert } from "../../contract/alert.ts";
import type { Secret } from "../../platform/secret.ts";

/** Past so many that could not be told the oldest are dropped; the list has them all. */
const most = 500;
const timeoutMs = 5_000;

export type AlertTeller = {
  /** Sends what changed, and what could not be sent before, in order. Rejects when the channel does not take it. */
  tell(changed: readonly Alert[]): Promise<void>;
  close(): Promise<void>;
};

/** Posts each change of an alert as JSON. The URL is the operator's own configuration, so its address is not vetted; no redirect is followed. */
export function createAlertTeller(url: Secret | undefined): AlertTeller {
  const agent = new Agent({ connections: 1, connectTimeout: timeoutMs, headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
  let waiting: Alert[] = [];
  return {
    async tell(changed) {
      if (url === undefined) return;
      waiting = [...waiting, ...changed].slice(-most);
      for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
        await post(agent, url, next);
        waiting.shift();
      }
    },
    close: () => agent.destroy(),
  };
}

async function post(agent: Agent, url: Secret, alert: Alert): Promise<void> {
  const { statusCode, body } = await request(url.reveal(), {
    dispatcher: agent,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ alert }),
  });
  await body.dump();
  if (statusCode >= 300) throw new Error(`the channel answered ${statusCode}`);
}
