import { createServer, connect, type AddressInfo, type Socket } from "node:net";

/** A TCP way to a server that can be cut: no word gets through then, in neither direction, and nobody is told. */
export type CuttableProxy = { url: string; cut(): void; mend(): void } & AsyncDisposable;

/** The same URL by way of the proxy. */
export async function startCuttableProxy(url: string): Promise<CuttableProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let isCut = false;
  const follow = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    follow(client);
    if (isCut) return void client.pause();
    const upstream = connect(Number(target.port || 5432), target.hostname);
    follow(upstream);
    client.on("data", (chunk: Buffer) => isCut || upstream.write(chunk)).on("close", () => upstream.destroy());
    upstream.on("data", (chunk: Buffer) => isCut || client.write(chunk)).on("close", () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const own = new URL(url);
  own.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: own.href,
    cut() {
      isCut = true;
    },
    // what was swallowed cannot be made good: the connections of before end
    mend() {
      if (!isCut) return;
      isCut = false;
      for (const socket of sockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
