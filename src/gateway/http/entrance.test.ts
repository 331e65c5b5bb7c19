import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect as connectPlain, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { makeCertificate, type TestCertificate } from "../../../test/helpers/certificate.ts";
import { openTlsMaterial, type TlsMaterial } from "../../platform/tls-material.ts";
import { sendJson, startTestGateway, startUpstream } from "../testing/test-gateway.ts";
import { accessRow, makeToken, policyRows, tokenRow } from "../testing/test-policy.ts";
import { createConnectionGate } from "./connection-gate.ts";

const server = makeCertificate({ name: "server" });
const authority = { ...makeCertificate({ name: "authority" }), name: "authority" };
const token = makeToken();
const get = `GET /v1/properties/1 HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ${token}\r\n\r\n`;

async function openMaterial(): Promise<TlsMaterial & { put(next: TestCertificate): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), "tls-"));
  const files = { cert: join(dir, "cert.pem"), key: join(dir, "key.pem"), clientCa: join(dir, "ca.pem") };
  await writeFile(files.clientCa, authority.cert);
  const put = async ({ cert, key }: TestCertificate): Promise<void> => {
    await writeFile(files.cert, cert);
    await writeFile(files.key, key);
  };
  await put(server);
  const told = () => undefined;
  const material = await openTlsMaterial(files, { everyMs: 3_600_000, now: () => new Date(), onFault: told, onRenewed: told });
  onTestFinished(async () => {
    material.close();
    await rm(dir, { recursive: true });
  });
  return { ...material, put };
}

async function bed(factors = "") {
  const tls = await openMaterial();
  const upstream = await startUpstream((_request, response) => sendJson(response, 200, '{"matricula":"1"}'));
  const rows = policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)], accesses: [accessRow({ factors })] });
  const gateway = await startTestGateway(rows, { entrance: { tls } });
  onTestFinished(async () => {
    await gateway[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });
  return { tls, gateway, upstream };
}

function shake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ca: server.cert, ALPNProtocols: ["http/1.1"], ...options });
    socket.once("error", reject);
    socket.once("secureConnect", () => resolve(socket));
    onTestFinished(() => void socket.destroy());
  });
}

/** What comes back until the bytes match, or the connection ends. */
function ask(socket: Socket, bytes: string, until = /\r\n\r\n[^]*\}$/): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const take = (chunk: Buffer): void => {
      text += chunk.toString("latin1");
      if (until.test(text)) done();
    };
    const done = (): void => {
      socket.off("data", take);
      resolve(text);
    };
    socket.on("data", take);
    socket.once("close", done);
    socket.write(bytes);
  });
}

test("TLS 1.2 and 1.3 are spoken, older ones, HTTP/2 alone and clear text are not, and none of these is recorded", async () => {
  const { gateway, upstream } = await bed();
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    const socket = await shake(gateway.port, { minVersion: version, maxVersion: version });
    expect([socket.getProtocol(), socket.alpnProtocol]).toEqual([version, "http/1.1"]);
    expect(await ask(socket, get)).toMatch(/^HTTP\/1\.1 200/);
  }
  await expect(shake(gateway.port, { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" })).rejects.toThrow();
  await expect(shake(gateway.port, { ALPNProtocols: ["h2"] })).rejects.toThrow();
  expect(await ask(connectPlain(gateway.port, "127.0.0.1"), get)).toBe("");
  expect(upstream.received).toHaveLength(2);
  expect(gateway.records).toHaveLength(2);
});

test("a renewed certificate is shown to new connections, and open ones go on", async () => {
  const { tls, gateway } = await bed();
  const before = await shake(gateway.port);
  expect(await ask(before, get)).toMatch(/^HTTP\/1\.1 200/);
  const next = makeCertificate({ name: "next" });
  await tls.put(next);
  await tls.check();
  const after = await shake(gateway.port, { ca: next.cert });
  expect(await ask(after, get)).toMatch(/^HTTP\/1\.1 200/);
  expect(await ask(before, get)).toMatch(/^HTTP\/1\.1 200/);
});

test("an access bound to a certificate is used with that one, verified, and no other", async () => {
  const own = makeCertificate({ name: "client", issuer: authority });
  const sibling = makeCertificate({ name: "client", issuer: authority });
  const forged = makeCertificate({ name: "client" });
  const { gateway } = await bed(`${own.sha256} `);
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    expect(await ask(await shake(gateway.port, { ...own, maxVersion }), get)).toMatch(/^HTTP\/1\.1 200/);
    for (const other of [sibling, forged, {}])
      expect(await ask(await shake(gateway.port, { ...other, maxVersion }), get)).toMatch(/^HTTP\/1\.1 403[^]*"clause":"certificate"/);
  }
  // the header is a proxy's word, and there is none here
  const claim = Buffer.from(own.cert.replace(/-----[^-]+-----|\s/g, ""), "base64").toString("base64");
  const claiming = get.replace("\r\n\r\n", `\r\nClient-Cert: :${claim}:\r\n\r\n`);
  expect(await ask(await shake(gateway.port), claiming)).toMatch(/^HTTP\/1\.1 403/);
});

test("a trusted proxy names the client's certificate; its own stands for nobody", async () => {
  const own = makeCertificate({ name: "client", issuer: authority });
  await using upstream = await startUpstream((_request, response) => sendJson(response, 200, '{"matricula":"1"}'));
  const rows = policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)], accesses: [accessRow({ factors: `${own.sha256} ` })] });
  await using gateway = await startTestGateway(rows, { parts: { isTrustedProxy: (address) => address === "127.0.0.1" } });
  const claim = own.cert.replace(/-----[^-]+-----|\s/g, "");
  const status = async (clientCert: string): Promise<number> =>
    (await gateway.call("GET", "/v1/properties/1", { token, headers: { "client-cert": clientCert } })).status;
  expect([await status(`:${claim}:`), await status(claim), await status(":AAAA:")]).toEqual([200, 403, 403]);
});

test("a connection past the bounds is closed before anything of it is read, and makes room when it ends", async () => {
  await using upstream = await startUpstream((_request, response) => sendJson(response, 200, '{"matricula":"1"}'));
  const rows = policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)] });
  const gate = createConnectionGate({ total: 10, perAddress: 1 });
  for (const tls of [undefined, await openMaterial()]) {
    await using gateway = await startTestGateway(rows, { entrance: { gate, ...(tls === undefined ? {} : { tls }) } });
    const reach = (): Promise<Socket> =>
      tls === undefined ? Promise.resolve(connectPlain(gateway.port, "127.0.0.1").on("error", () => undefined)) : shake(gateway.port);
    const first = await reach();
    expect(await ask(first, get)).toMatch(/^HTTP\/1\.1 200/);
    const second = tls === undefined ? ask(await reach(), get) : reach().then(String, () => "");
    expect(await second).toBe("");
    first.destroy();
    await expect.poll(() => gate.open).toBe(0);
    expect(await ask(await reach(), get)).toMatch(/^HTTP\/1\.1 200/);
    expect(gateway.records.map(({ status, clause }) => [status, clause])).toEqual([
      [200, undefined],
      [200, undefined],
    ]);
  }
});

test("a client that does not end its handshake, headers or body in time loses its connection", async () => {
  const tls = await openMaterial();
  const transport = { headersTimeoutMs: 50, requestTimeoutMs: 100, keepAliveTimeoutMs: 50 };
  await using gateway = await startTestGateway(policyRows({}, { tokens: [tokenRow(token)] }), { entrance: { tls }, transport });
  const silent = connectPlain(gateway.port, "127.0.0.1");
  expect(await ask(silent, "")).toBe("");
  await using plain = await startTestGateway(policyRows({}, { tokens: [tokenRow(token)] }), { transport });
  const never = /never/;
  expect(await ask(connectPlain(plain.port, "127.0.0.1"), "GET / HTTP/1.1\r\nHost: g\r\n", never)).toMatch(/^HTTP\/1\.1 408/);
  const body = `POST /v1/requests HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{`;
  expect(await ask(connectPlain(plain.port, "127.0.0.1"), body, never)).toMatch(/^HTTP\/1\.1 408/);
  expect(await ask(connectPlain(plain.port, "127.0.0.1"), get.replace("/1 ", "/x "), never)).toMatch(/^HTTP\/1\.1 422/);
});

test("an answer over TLS that was taken whole is recorded as answered alone, also the last of a connection", async () => {
  const { gateway } = await bed();
  const socket = await shake(gateway.port);
  expect(await ask(socket, get)).toMatch(/^HTTP\/1\.1 200/);
  expect(await ask(socket, get.replace("Host", "Connection: close\r\nHost"), /never/)).toMatch(/^HTTP\/1\.1 200/);
  // by another's way there and back the first one's end was seen
  expect(await ask(await shake(gateway.port), get)).toMatch(/^HTTP\/1\.1 200/);
  expect(gateway.records.map(({ phase }) => phase)).toEqual(["answer", "answer", "answer"]);
});

test("draining ends by its deadline also a handshake that does not end", async () => {
  const { gateway } = await bed();
  const socket = connectPlain(gateway.port, "127.0.0.1");
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => undefined);
  await gateway.drain(50);
  await closed;
});
