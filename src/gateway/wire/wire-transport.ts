import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { readClientCertificates } from "../http/client-certificates.ts";
import { passGate } from "../http/pass-gate.ts";
import { defaultLimits, type Entrance, type Handlers, type Transport, type TransportLimits } from "../http/transport.ts";
import { type ConnectionContext, ServerConnection } from "./server-connection.ts";

/** How often the connections' times are looked at: a timeout may come so much late. */
const mostGrainMs = 500;

/** HTTP/1.1 over plain sockets with llhttp: the transport of `http/` with less than half of its cost. */
export async function startWireTransport(
  listen: { host: string; port: number },
  handlers: Handlers,
  limits: TransportLimits = defaultLimits,
  entrance: Entrance = {},
): Promise<Transport> {
  const connections = new Set<ServerConnection>();
  const state = { draining: false };
  const server = openServer(limits, entrance);
  // those whose TLS handshake is under way are no connections yet
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const certificates = readClientCertificates(server);
  const context: ConnectionContext = {
    certificateOf: (socket) => certificates.of(socket),
    handlers,
    limits,
    isDraining: () => state.draining,
    closed: (connection) => connections.delete(connection),
  };
  server.on(entrance.tls === undefined ? "connection" : "secureConnection", (socket: Socket) => {
    // the gate may have ended it
    if (!socket.destroyed) connections.add(new ServerConnection(socket, context));
  });
  server.maxConnections = limits.maxConnections;
  await listening(server, listen);
  const grain = Math.min(mostGrainMs, limits.headersTimeoutMs / 2, limits.requestTimeoutMs / 2, limits.keepAliveTimeoutMs / 2);
  const timer = setInterval(() => {
    const now = performance.now();
    for (const connection of connections) connection.checkTime(now);
  }, grain);
  const { port, address } = addressOf(server);
  return {
    host: address,
    port,
    async drain(deadlineMs) {
      state.draining = true;
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      for (const connection of connections) connection.drain();
      const end = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, deadlineMs);
      await closed;
      clearTimeout(end);
      clearInterval(timer);
    },
  };
}

function openServer(limits: TransportLimits, { tls, gate }: Entrance): Server {
  const sockets = { allowHalfOpen: true, noDelay: true };
  const server =
    tls === undefined
      ? createServer(sockets)
      : createTlsServer({ ...sockets, ...tls.options(), handshakeTimeout: limits.headersTimeoutMs });
  if (tls !== undefined) {
    tls.keep(server as ReturnType<typeof createTlsServer>);
    server.on("tlsClientError", (_error: Error, socket: Socket) => socket.destroy());
  }
  // before anything is read of it
  if (gate !== undefined) server.prependListener("connection", (socket: Socket) => passGate(socket, gate));
  return server;
}

function listening(server: Server, listen: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: listen.host, port: listen.port }, () => {
      server.off("error", reject);
      // a connection that the system could not hand over (ENOBUFS, ENOMEM) is the caller's loss alone: without a listener the process would end
      server.on("error", () => undefined);
      resolve();
    });
  });
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the listener has no port");
  return address;
}
