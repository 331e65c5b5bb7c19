import { connect, type Socket } from "node:net";

/** What the parent asks: so many requests a second for so many seconds. */
export type PacedOrder = { port: number; path: string; authorization: string; perSecond: number; seconds: number; connections: number };

/** Microseconds from the write of each request to the last byte of its answer, and what went wrong. */
export type PacedResult = { latenciesUs: number[]; bad: number; skipped: number };

// An open loop: requests go out at their time whatever the answers do; one whose connections are all busy is counted, not sent.
process.once("message", (order: PacedOrder) => {
  void run(order).then((result) => process.send?.(result, undefined, undefined, () => process.exit(0)));
});

type Line = { socket: Socket; sentAt: number; busy: boolean; left: number };

async function run(order: PacedOrder): Promise<PacedResult> {
  const request = Buffer.from(
    `GET ${order.path} HTTP/1.1\r\nHost: 127.0.0.1:${order.port}\r\nAuthorization: ${order.authorization}\r\n\r\n`,
  );
  const result: PacedResult = { latenciesUs: [], bad: 0, skipped: 0 };
  const lines = await Promise.all(Array.from({ length: order.connections }, () => open(order.port, result)));
  const begun = performance.now();
  const total = order.perSecond * order.seconds;
  await new Promise<void>((resolve) => {
    let sent = 0;
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - begun) / 1000) * order.perSecond));
      for (; sent < due; sent += 1) send(lines, request, result);
      if (sent < total) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  for (const deadline = performance.now() + 2_000; lines.some((line) => line.busy) && performance.now() < deadline;)
    await new Promise((resolve) => setTimeout(resolve, 20));
  for (const { socket } of lines) socket.destroy();
  return result;
}

function send(lines: Line[], request: Buffer, result: PacedResult): void {
  const line = lines.find((one) => !one.busy);
  if (line === undefined) {
    result.skipped += 1;
    return;
  }
  line.busy = true;
  line.left = -1;
  line.sentAt = performance.now();
  line.socket.write(request);
}

function open(port: number, result: PacedResult): Promise<Line> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const line: Line = { socket, sentAt: 0, busy: false, left: -1 };
    socket.once("connect", () => resolve(line));
    socket.on("error", reject);
    socket.on("data", (chunk: Buffer) => take(line, chunk, result));
  });
}

/** Counts down the answer's bytes; the head is looked for in the first chunk, where every candidate sends it. */
function take(line: Line, chunk: Buffer, result: PacedResult): void {
  if (line.left === -1) {
    const end = chunk.indexOf("\r\n\r\n");
    const head = chunk.toString("latin1", 0, end);
    if (end === -1 || !head.startsWith("HTTP/1.1 200")) result.bad += 1;
    const length = /\r\ncontent-length: *([0-9]+)/i.exec(head)?.[1];
    line.left = end + 4 + Number(length ?? 0);
    if (length === undefined) result.bad += 1;
  }
  line.left -= chunk.length;
  if (line.left > 0) return;
  line.busy = false;
  result.latenciesUs.push((performance.now() - line.sentAt) * 1000);
}
