import { format, inspect } from "node:util";
import { expect, test } from "vitest";
import { Secret } from "./secret.ts";

test("a secret has no string form but reveal", () => {
  const secret = new Secret("synthetic-value");
  const forms = [
    String(secret),
    "".concat(secret.toString()),
    JSON.stringify({ secret }),
    inspect({ secret }, { showHidden: true }),
    format("%s %o", secret, secret),
    Object.values(secret).join(),
  ];
  for (const form of forms) expect(form).not.toContain("synthetic-value");
  expect(secret.reveal()).toBe("synthetic-value");
});
