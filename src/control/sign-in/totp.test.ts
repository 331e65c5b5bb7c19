import fc from "fast-check";
import { generateSync } from "otplib";
import { expect, test } from "vitest";
import { newTotpSecret, totpStep, totpUri } from "./totp.ts";

const secret = newTotpSecret();
const codeAt = (epoch: number) => generateSync({ secret, epoch });
const instants = fc.integer({ min: 60, max: 4_000_000_000 });

test("the vectors of RFC 6238 (SHA-1, last six digits) hold", () => {
  const seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
  for (const [epoch, code] of [
    [59, "287082"],
    [1_111_111_109, "081804"],
    [1_111_111_111, "050471"],
    [1_234_567_890, "005924"],
    [2_000_000_000, "279037"],
  ] as const)
    expect(totpStep(seed, code, { now: new Date(epoch * 1000), after: null })).toBe(Math.floor(epoch / 30));
});

test("a code is good in its 30 seconds and the 30 to each side, and in no other", () => {
  fc.assert(
    fc.property(instants, fc.integer({ min: -5, max: 5 }), (epoch, steps) => {
      const at = epoch + 30 * steps;
      fc.pre(at >= 0);
      const step = totpStep(secret, codeAt(at), { now: new Date(epoch * 1000), after: null });
      if (Math.abs(steps) <= 1) expect(step).toBeDefined();
      // one in a million codes is the same as a neighbor's
      else if (step !== undefined) expect(codeAt(step * 30)).toBe(codeAt(at));
    }),
  );
});

test("a code that was used, and every older one, is refused", () => {
  fc.assert(
    fc.property(instants, (epoch) => {
      const now = new Date(epoch * 1000);
      const used = totpStep(secret, codeAt(epoch), { now, after: null }) ?? 0;
      const again = totpStep(secret, codeAt(epoch), { now, after: used });
      if (again !== undefined) expect(again).toBeGreaterThan(used);
      const older = totpStep(secret, codeAt(epoch - 30), { now, after: used });
      if (older !== undefined) expect(older).toBeGreaterThan(used);
    }),
  );
});

test("no text but six digits is a code", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!/^\d{6}$/.test(text));
      expect(totpStep(secret, text, { now: new Date(), after: null })).toBeUndefined();
    }),
  );
});

test("the URI names the product and the account", () => {
  expect(totpUri({ secret, account: "a@example.com" })).toMatch(/^otpauth:\/\/totp\/Aqueduto:a%40example\.com\?secret=/);
});
