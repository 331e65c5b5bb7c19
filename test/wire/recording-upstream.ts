import { createServer, type AddressInfo, type Socket } from "node:net";
import { readRequests, type StrictMessage } from "./strict-reader.ts";

export type RecordingUpstream = {
  url: string;
  /** All requests so far, as the second reader reads them. */
  requests: StrictMessage[];
  /** Bytes of connections that are no requests. */
  broken: string[];
} & AsyncDisposable;

/** A service that keeps every byte, read by the second reader alone, and answers each request with `answer`. */
export async function startRecordingUpstream(
  answer: (request: StrictMessage) => string | { text: string; end: true },
): Promise<RecordingUpstream> {
  const requests: StrictMessage[] = [];
  const broken: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      const { complete, end } = readRequests(text);
      if (end === "broken") broken.push(text);
      if (end !== "partial") text = "";
      for (const request of end === "partial" ? [] : complete) {
        requests.push(request);
        const said = answer(request);
        if (typeof said === "string") socket.write(said, "latin1");
        else socket.end(said.text, "latin1");
      }
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    broken,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
