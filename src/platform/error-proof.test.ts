import { expect, test } from "vitest";
import { createErrorProofs } from "./error-proof.ts";

const error = { requestId: "req_01", status: 429, code: "too-many-requests", clause: "limit" };

test("a proof holds for the very error, under the very key", () => {
  const proofs = createErrorProofs(Buffer.alloc(32, 1));
  const proof = proofs.of(error);
  expect(proof).toMatch(/^[\w-]{22}$/);
  expect(proofs.holds(error, proof)).toBe(true);
  expect(createErrorProofs(Buffer.alloc(32, 1)).holds(error, proof)).toBe(true);
  expect(createErrorProofs(Buffer.alloc(32, 2)).holds(error, proof)).toBe(false);
});

test.each([
  { ...error, requestId: "req_02" },
  { ...error, status: 403 },
  { ...error, code: "forbidden" },
  { ...error, clause: "quota-day" },
  { ...error, clause: undefined },
  { ...error, code: "too-many-requests\nlimit", clause: undefined },
])("another error is not proved: %o", (other) => {
  const proofs = createErrorProofs(Buffer.alloc(32, 1));
  expect(proofs.holds(other, proofs.of(error))).toBe(false);
});

test("a proof of another form holds for nothing", () => {
  const proofs = createErrorProofs(Buffer.alloc(32, 1));
  for (const proof of ["", "x", `${proofs.of(error)}=`, "é".repeat(22)]) expect(proofs.holds(error, proof)).toBe(false);
});
