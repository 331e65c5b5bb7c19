import { expect, test } from "vitest";
import { parseOrigins } from "./origins.ts";

test("origins as browsers send them are kept", () => {
  const origins = ["https://app.example.com", "https://app.example.com:8443", "https://xn--guas-9na.example"];
  expect(parseOrigins(origins, "live")).toEqual(origins);
  expect(parseOrigins(["http://localhost:3000"], "test")).toEqual(["http://localhost:3000"]);
});

test.each([
  "http://app.example.com",
  "http://localhost:3000",
  "https://app.example.com/",
  "https://app.example.com:443",
  "https://APP.example.com",
  "https://user@app.example.com",
  "https://*.example.com",
  "null",
  "*",
  "",
  "app.example.com",
  "https://águas.example",
  "https://a.example https://b.example",
  "https://1",
])("%s is no origin of a live access", (text) => {
  expect(() => parseOrigins([text], "live")).toThrow(expect.objectContaining({ code: "invalid-field", pointer: "/body/origins/0" }));
});

test("an origin named twice is refused", () => {
  expect(() => parseOrigins(["https://a.example", "https://a.example"], "live")).toThrow(
    expect.objectContaining({ pointer: "/body/origins/1" }),
  );
});
