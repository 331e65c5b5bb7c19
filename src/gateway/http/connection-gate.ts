import ipaddr from "ipaddr.js";

export type GateLimits = {
  /** Open at once, of all addresses together. */
  total: number;
  /** Of one IPv4 address, or one IPv6 /64. */
  perAddress: number;
};

export type ConnectionGate = {
  /** Undefined = no room. What it gives lets go, once, when the connection or call has ended. */
  enter(address: string): (() => void) | undefined;
  readonly open: number;
  /** Turned away since the start. */
  readonly refused: number;
};

/**
 * Counts what is open, so that one address cannot hold every connection. Exempt addresses (proxies, which speak for many)
 * count in the total alone. It holds a number for each address that has something open, nothing else.
 */
export function createConnectionGate(limits: GateLimits, isExempt: (address: string) => boolean = () => false): ConnectionGate {
  const perSource = new Map<string, number>();
  const state = { open: 0, refused: 0 };
  return {
    enter(address) {
      const source = isExempt(address) ? undefined : sourceOf(address);
      const ofSource = source === undefined ? 0 : (perSource.get(source) ?? 0);
      if (state.open >= limits.total || ofSource >= limits.perAddress) {
        state.refused += 1;
        return undefined;
      }
      state.open += 1;
      if (source !== undefined) perSource.set(source, ofSource + 1);
      return once(() => {
        state.open -= 1;
        if (source !== undefined) leave(perSource, source);
      });
    },
    get open() {
      return state.open;
    },
    get refused() {
      return state.refused;
    },
  };
}

function leave(perSource: Map<string, number>, source: string): void {
  const left = (perSource.get(source) ?? 1) - 1;
  if (left === 0) perSource.delete(source);
  else perSource.set(source, left);
}

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (!done) run();
    done = true;
  };
}

/** Whose an address is: a home or a server has a whole /64 of IPv6 for itself. */
export function sourceOf(address: string): string {
  if (!address.includes(":")) return address;
  if (!ipaddr.isValid(address)) return "unknown";
  const parsed = ipaddr.process(address);
  return parsed.kind() === "ipv4" ? parsed.toString() : parsed.toByteArray().slice(0, 8).join(".");
}
