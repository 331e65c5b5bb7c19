import { PlatformProcess, until } from "../test/helpers/platform-process.ts";
import { atMost, percentile, type Verdict } from "./verdict.ts";

const payments = 60;
const calls = 2000;

/** The demo as a person meets it: start, a payment's way to the receiver, a bank file, calls one after the other. */
export async function benchDemo(): Promise<Verdict[]> {
  const begun = performance.now();
  await using platform = await PlatformProcess.start();
  const firstStartS = (performance.now() - begun) / 1000;
  const lags = (await paymentLags(platform)).sort((a, b) => a - b);
  const fileS = await bankFile(platform);
  const call = await callTimes(platform);
  await platform.stop();
  const again = performance.now();
  await platform.startAgain();
  const warmStartS = (performance.now() - again) / 1000;
  console.log(
    `payment committed -> received: p50 ${percentile(lags, 0.5).toFixed(0)} ms, p95 ${percentile(lags, 0.95).toFixed(0)} ms, max ${lags.at(-1)?.toFixed(0)} ms (n=${lags.length})`,
  );
  console.log(
    `calls one after the other through the gateway: p50 ${percentile(call, 0.5).toFixed(2)} ms, p99 ${percentile(call, 0.99).toFixed(2)} ms (n=${call.length})`,
  );
  return [
    atMost("MUST", "payment-to-receiver-p95", { value: percentile(lags, 0.95) / 1000, limit: 3, unit: "s" }),
    atMost("MUST", "first-start", { value: firstStartS, limit: 120, unit: "s" }),
    atMost("GOAL", "warm-start", { value: warmStartS, limit: 10, unit: "s" }),
    atMost("GOAL", "bank-file-1000-delivered", { value: fileS, limit: 5, unit: "s" }),
  ];
}

/** Milliseconds from the commit of a payment until the receiver shows it, for payments at changing moments of the capture's rhythm. */
async function paymentLags(platform: PlatformProcess): Promise<number[]> {
  const lags: number[] = [];
  for (let i = 0; i < payments; i += 1) {
    const before = (await platform.items("client-transaction")).length;
    await platform.admin("POST", "/v1/demo/pay", { count: 1, as_file: false });
    const committed = performance.now();
    await until("the payment", async () => (await platform.items("client-transaction")).length > before);
    lags.push(performance.now() - committed);
  }
  return lags;
}

async function bankFile(platform: PlatformProcess): Promise<number> {
  const before = (await platform.items("client-transaction")).length;
  await platform.admin("POST", "/v1/demo/pay", { count: 1000, as_file: true });
  const committed = performance.now();
  await until("1,000 items", async () => (await platform.items("client-transaction")).length >= before + 1000);
  return (performance.now() - committed) / 1000;
}

async function callTimes(platform: PlatformProcess): Promise<number[]> {
  const demo = await platform.demo();
  const times: number[] = [];
  for (let i = 0; i < calls; i += 1) {
    const begun = performance.now();
    const answer = await fetch(demo.gateway + demo.call.path, { headers: { authorization: `Bearer ${demo.token}` } });
    await answer.arrayBuffer();
    if (answer.status === 200) times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b);
}
