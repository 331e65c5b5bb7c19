import { expect, test } from "vitest";
import { readCookie, setCookie } from "./cookies.ts";
import { siteOf } from "./site.ts";

const local = { host: "127.0.0.1", port: 8081 };

test("over TLS the cookie is bound to the host; on this machine it goes without", () => {
  expect(setCookie("session", { secure: true }, "v")).toBe("__Host-aqueduto=v; Path=/; HttpOnly; SameSite=Strict; Secure");
  expect(setCookie("session", { secure: false }, "v")).toBe("aqueduto=v; Path=/; HttpOnly; SameSite=Strict");
  expect(setCookie("session", { secure: true }, null)).toContain("Max-Age=0");
  expect(setCookie("device", { secure: true }, "v")).toBe(
    "__Host-aqueduto-device=v; Path=/; HttpOnly; SameSite=Strict; Max-Age=15552000; Secure",
  );
  expect(setCookie("oidc", { secure: true }, "v")).toBe("__Host-aqueduto-oidc=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=600; Secure");
});

test("a cookie that is there twice, or under the other name, is not read", () => {
  expect(readCookie("a=1; aqueduto=x; b=2", "session", { secure: false })).toBe("x");
  expect(readCookie("aqueduto=x; aqueduto=y", "session", { secure: false })).toBeUndefined();
  expect(readCookie("aqueduto=x", "session", { secure: true })).toBeUndefined();
  expect(readCookie("aqueduto-oidc=x", "session", { secure: false })).toBeUndefined();
  expect(readCookie(undefined, "session", { secure: false })).toBeUndefined();
});

test("plain HTTP is for a loopback name at a loopback listener alone", () => {
  const site = (host: string, listen = local) => siteOf({ listen }, { headers: { host } });
  expect(site("127.0.0.1:8081")).toEqual({ origin: "http://127.0.0.1:8081", secure: false });
  expect(site("localhost:8081").secure).toBe(false);
  expect(site("[::1]:8081")).toEqual({ origin: "http://[::1]:8081", secure: false });
  expect(site("aqueduto.example.com")).toEqual({ origin: "https://aqueduto.example.com", secure: true });
  expect(site("localhost:8081", { host: "0.0.0.0", port: 8081 }).secure).toBe(true);
});
