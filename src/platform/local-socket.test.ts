import { once } from "node:events";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { askLocalSocket, localSocketPath, startLocalSocket } from "./local-socket.ts";

async function place() {
  const dir = await mkdtemp(join(tmpdir(), "aqueduto-socket-"));
  return { dir, path: localSocketPath(dir), [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) };
}

const echo = (asked: unknown) => (asked === "bad" ? Promise.reject(new Error("not that")) : Promise.resolve({ asked }));

test("it answers what is asked, hands on what is thrown, and is this user's alone", async () => {
  await using at = await place();
  const socket = await startLocalSocket(at.path, echo);
  expect(await askLocalSocket(at.path, { a: 1 })).toEqual({ asked: { a: 1 } });
  await expect(askLocalSocket(at.path, "bad")).rejects.toThrow("not that");
  expect((await stat(at.path)).mode & 0o777).toBe(0o600);
  await socket.close();
  await expect(askLocalSocket(at.path, {})).rejects.toMatchObject({ code: "ENOENT" });
});

test("what a killed process left is replaced", async () => {
  await using at = await place();
  await writeFile(at.path, "");
  const socket = await startLocalSocket(at.path, echo);
  expect(await askLocalSocket(at.path, 1)).toEqual({ asked: 1 });
  await socket.close();
});

test("a line that is none or too long is answered with a fault, and the next caller is served", async () => {
  await using at = await place();
  const socket = await startLocalSocket(at.path, echo);
  for (const sent of ["no json\n", "x".repeat(10_000)]) {
    const client = connect(at.path);
    let said = "";
    client.on("data", (part: Buffer) => (said += part.toString())).on("error", () => undefined);
    client.write(sent);
    await once(client, "close");
    expect(Object.keys(JSON.parse(said) as object)).toEqual(["error"]);
  }
  expect(await askLocalSocket(at.path, 2)).toEqual({ asked: 2 });
  await socket.close();
});

test("a path that no system takes is refused with its length", async () => {
  await expect(startLocalSocket(`/tmp/${"x".repeat(100)}`, echo)).rejects.toThrow("longer than 100 bytes");
});
