import { type Agent, request } from "undici";
import { errorCode } from "../../platform/error-code.ts";

/** `code`: the HTTP status, or what kind of failure it was; never text of the other side. */
export type ProbeResult = { up: boolean; code: string };

const timeoutMs = 3_000;

const kinds: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refused",
  ENOTFOUND: "name-unknown",
  EAI_AGAIN: "name-unknown",
  UND_ERR_CONNECT_TIMEOUT: "timeout",
  UND_ERR_HEADERS_TIMEOUT: "timeout",
};

/** GET without credential or redirect, at most 3 s; up = the status is 2xx. The body is not read. Never rejects. */
export async function probeTarget(agent: Agent, url: string): Promise<ProbeResult> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const { statusCode, body } = await request(url, { method: "GET", dispatcher: agent, headers: { accept: "*/*" }, signal });
    body.on("error", () => undefined);
    body.destroy();
    return { up: statusCode >= 200 && statusCode <= 299, code: String(statusCode) };
  } catch (error) {
    return { up: false, code: signal.aborted ? "timeout" : (kinds[errorCode(error) ?? ""] ?? "broken") };
  }
}
