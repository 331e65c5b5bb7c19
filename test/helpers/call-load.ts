import { Agent, request } from "node:http";

export type LoadedCall = { begun: number; status: number; code: string | undefined; entry: string };

/** Callers that call one after the other until stopped, each over its own connection; every answer is remembered. */
export function startLoad(of: { gateway: string; token: string; path: string; lanes: number }) {
  const calls: LoadedCall[] = [];
  const load = { running: true };
  const lanes = Array.from({ length: of.lanes }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (load.running) calls.push(await callOnce(of, agent));
    agent.destroy();
  });
  return {
    calls,
    async stop(): Promise<void> {
      load.running = false;
      await Promise.all(lanes);
    },
  };
}

type Target = { gateway: string; token: string; path: string; method?: string };

/** `begun` is the instant before anything of it is written. Rejects when no answer comes. */
export function callOnce({ gateway, token, path, method = "GET" }: Target, agent?: Agent): Promise<LoadedCall> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const how = { method, headers: { authorization: `Bearer ${token}` }, ...(agent === undefined ? {} : { agent }) };
    const sent = request(gateway + path, how, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.once("error", reject).once("end", () => {
        const status = response.statusCode ?? 0;
        const code = status < 400 ? undefined : (JSON.parse(text) as { code: string }).code;
        resolve({ begun, status, code, entry: String(response.headers["audit-entry"]) });
      });
    });
    sent.once("error", reject).end();
  });
}
