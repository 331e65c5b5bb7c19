import { expect, test } from "vitest";
import { listenersOf } from "./own-listeners.ts";

test("a URL is its address and port, and the default port where it names none", () => {
  expect(listenersOf(["http://127.0.0.1:8080", "http://[::1]:8081"], 80)).toEqual([
    { host: "127.0.0.1", port: 8080 },
    { host: "::1", port: 8081 },
  ]);
  expect(listenersOf(["postgresql://user:x@db.internal/aqueduto"], 5432)).toEqual([{ host: "db.internal", port: 5432 }]);
});
