import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createLog } from "../platform/log.ts";
import { refuseMalformed } from "./refuse-malformed.ts";

test("a request that does not arrive in time gets 408 as a problem document, once, and the connection ends", async () => {
  const socket = new PassThrough();
  const refuse = refuseMalformed(createLog("silent"));
  const late = Object.assign(new Error("late"), { code: "ERR_HTTP_REQUEST_TIMEOUT" });
  refuse(late, socket);
  refuse(late, socket);
  const [head = "", body = "", rest] = (await new Response(socket).text()).split("\r\n\r\n");
  expect(head).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  expect(head).toContain("connection: close");
  expect(JSON.parse(body)).toMatchObject({ status: 408, code: "request-timeout" });
  expect(rest).toBeUndefined();
});
