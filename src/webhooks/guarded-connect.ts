import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { buildConnector } from "undici";
import { defaultPort, GuardError, isPinned, type TargetPolicy, vetAddresses } from "./address-guard.ts";

/** All addresses of a host name. Throws when it has none. */
export type Resolve = (hostname: string) => Promise<string[]>;

export async function resolveAll(hostname: string): Promise<string[]> {
  const answers = await lookup(hostname, { all: true });
  return answers.map((answer) => answer.address);
}

/**
 * How sockets to a webhook are opened: resolve once, vet every answer, connect to the vetted address itself (no second
 * lookup that could be rebound), and look at where the socket ended before a byte is sent. TLS still proves the name.
 */
export function guardedConnector(options: {
  policy: () => TargetPolicy;
  resolve: Resolve;
  connectTimeoutMs: number;
}): buildConnector.connector {
  const connect = buildConnector({ timeout: options.connectTimeoutMs, allowH2: false });
  return (request, answer) => {
    void vettedAddress(request, options).then(
      (address) => {
        connect({ ...request, hostname: address, servername: serverName(request) }, (...result) => {
          const [error, socket] = result;
          if (error !== null) return answer(error, null);
          if (isPinned(socket.remoteAddress, address)) return answer(null, socket);
          socket.destroy();
          answer(new GuardError("address-refused"), null);
        });
      },
      (error: unknown) => answer(error instanceof Error ? error : new Error("vetting failed", { cause: error }), null),
    );
  };
}

async function vettedAddress(
  request: { hostname: string; port: string; protocol: string },
  options: { policy: () => TargetPolicy; resolve: Resolve },
): Promise<string> {
  const port = request.port === "" ? defaultPort(request.protocol) : Number(request.port);
  const hostname = request.hostname.replace(/^\[|\]$/g, "");
  const addresses = isIP(hostname) === 0 ? await options.resolve(hostname) : [hostname];
  return vetAddresses(addresses, port, options.policy());
}

/** The name that TLS asks for and checks; for plain http no name, or undici would look it up. */
function serverName(request: { hostname: string; protocol: string }): string {
  const hostname = request.hostname.replace(/^\[|\]$/g, "");
  return request.protocol === "https:" && isIP(hostname) === 0 ? hostname : "";
}
