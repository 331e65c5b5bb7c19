import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export type Received = { id: string; headers: IncomingMessage["headers"]; body: string };

export type Receiver = {
  /** ip:port */
  address: string;
  url: string;
  received: Received[];
  /** How it answers; replace it to change the receiver's behaviour. Default: 204. */
  answer: (request: Received, response: ServerResponse, nth: number) => void;
} & AsyncDisposable;

/** A real HTTP server on a free loopback port that keeps all it got. */
export async function startReceiver(answer?: Receiver["answer"]): Promise<Receiver> {
  const receiver: Pick<Receiver, "received" | "answer"> = {
    received: [],
    answer: answer ?? ((_request, response) => response.writeHead(204).end()),
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const got = { id: String(request.headers["webhook-id"]), headers: request.headers, body: Buffer.concat(chunks).toString("utf8") };
      receiver.received.push(got);
      receiver.answer(got, response, receiver.received.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const address = `127.0.0.1:${port}`;
  async function dispose(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  return Object.assign(receiver, { address, url: `http://${address}/hook`, [Symbol.asyncDispose]: dispose });
}
