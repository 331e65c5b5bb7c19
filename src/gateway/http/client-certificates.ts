import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

export type ClientCertificates = {
  /** SHA-256 (hex) of the certificate that the connection's client showed and the CA vouches for. */
  of(socket: Socket): string | undefined;
  /** False while a TLS connection has not shaken hands: nobody can be answered on it. */
  isOpen(socket: unknown): boolean;
};

/** Reads the client's certificate once for each connection. Of a clear-text server every connection has none. */
export function readClientCertificates(server: EventEmitter): ClientCertificates {
  const known = new WeakMap<object, string | undefined>();
  server.on("secureConnection", (socket: TLSSocket) => known.set(socket, digestOf(socket)));
  return { of: (socket) => known.get(socket), isOpen: (socket) => !(socket instanceof TLSSocket) || known.has(socket) };
}

function digestOf(socket: TLSSocket): string | undefined {
  if (!socket.authorized) return undefined;
  return socket.getPeerX509Certificate()?.fingerprint256.replaceAll(":", "").toLowerCase();
}
