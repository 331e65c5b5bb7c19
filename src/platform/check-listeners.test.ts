import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { checkListeners } from "./check-listeners.ts";
import { freePort } from "./free-port.ts";

const host = "127.0.0.1";

test("an address in use is refused with its key, before anything else is started", async () => {
  const port = await freePort();
  const server = createServer().listen(port, host);
  await once(server, "listening");
  await expect(checkListeners({ AQUEDUTO_ADMIN_LISTEN: { host, port } })).rejects.toThrow(
    `AQUEDUTO_ADMIN_LISTEN: 127.0.0.1:${port} is in use`,
  );
  server.close();
  await once(server, "close");
  await expect(checkListeners({ AQUEDUTO_ADMIN_LISTEN: { host, port } })).resolves.toBeUndefined();
});

test("one address for two keys is refused, any free port for both is not", async () => {
  const port = await freePort();
  const both = (given: number) => ({ AQUEDUTO_GATEWAY_LISTEN: { host, port: given }, AQUEDUTO_ADMIN_LISTEN: { host, port: given } });
  await expect(checkListeners(both(port))).rejects.toThrow("AQUEDUTO_ADMIN_LISTEN");
  await expect(checkListeners(both(0))).resolves.toBeUndefined();
});

test("an address of another machine is refused as such", async () => {
  const listener = { host: "192.0.2.1", port: 0 };
  await expect(checkListeners({ AQUEDUTO_BASE_LISTEN: listener })).rejects.toThrow("AQUEDUTO_BASE_LISTEN: 192.0.2.1:0 is not an address");
});
