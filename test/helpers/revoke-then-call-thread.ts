import { once } from "node:events";
import { connect } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import pg from "pg";
import type { RevokeThenCall } from "../gateway/blocked-loop.db.test.ts";

// The thread of blocked-loop.db.test.ts: while that one's loop is blocked it ends a token in the store, then calls with it.

const { url, port, token, tokenId, written, epoch } = workerData as RevokeThenCall;
const call = `GET /v1/health HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: Bearer ${token}\r\n\r\n`;
const statusLine = (text: string): number => Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1]);

const client = new pg.Client({ connectionString: url });
client.on("error", () => undefined);
await client.connect();
const socket = connect(port, "127.0.0.1");
await once(socket, "connect");
socket.write(call);
const [first] = (await once(socket, "data")) as [Buffer];
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
parentPort?.postMessage({ before: statusLine(first.toString()) });

parentPort?.once("message", () => {
  void (async () => {
    await client.query("UPDATE aqueduto.token SET state = 'ended', ended_at = now(), ended_reason = 'test' WHERE token_id = $1", [tokenId]);
    const { rows } = await client.query<{ epoch: string }>("SELECT epoch::text FROM aqueduto.policy_epoch");
    Atomics.store(new BigInt64Array(epoch), 0, BigInt(rows[0]?.epoch ?? 0));
    const answered = once(socket, "data") as Promise<[Buffer]>;
    await new Promise((resolve) => socket.write(call, resolve));
    Atomics.store(new Int32Array(written), 0, 1);
    Atomics.notify(new Int32Array(written), 0);
    const [second] = await answered;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    parentPort?.postMessage({ after: statusLine(second.toString()) });
    socket.destroy();
    await client.end();
  })();
});
