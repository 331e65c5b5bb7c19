import { expect, test } from "vitest";
import { bindingFault, type BoundAccess } from "./binding-fault.ts";

const certificate = "a".repeat(64);
const bindings = { origins: ["https://a.example.com"], cidrs: ["10.0.0.0/8", "2001:db8::/32"], certificates: [certificate] };
const confidential: BoundAccess = { kind: "confidential", mode: "live", origins: [], cidrs: ["10.1.0.0/16"], certificate };
const publishable: BoundAccess = { kind: "publishable", mode: "live", origins: ["https://a.example.com"], cidrs: [] };

test("an access within every binding fits, and so does any where the license demands none", () => {
  expect(bindingFault(bindings, confidential)).toBeUndefined();
  expect(bindingFault(bindings, { ...confidential, cidrs: ["2001:db8:1::/48", "10.0.0.1"] })).toBeUndefined();
  expect(bindingFault(bindings, publishable)).toBeUndefined();
  expect(bindingFault(null, { ...confidential, cidrs: [] })).toBeUndefined();
  expect(
    bindingFault({ origins: [], cidrs: [], certificates: [] }, { ...confidential, cidrs: [], certificate: undefined }),
  ).toBeUndefined();
});

test.each([
  ["cidrs", { ...confidential, cidrs: [] }],
  ["cidrs", { ...confidential, cidrs: ["10.1.0.0/16", "11.0.0.0/16"] }],
  ["cidrs", { ...confidential, cidrs: ["8.0.0.0/5"] }],
  ["certificate_sha256", { ...confidential, certificate: undefined }],
  ["certificate_sha256", { ...confidential, certificate: "b".repeat(64) }],
  ["origins", { ...publishable, origins: [] }],
  ["origins", { ...publishable, origins: ["https://a.example.com", "https://b.example.com"] }],
] as const)("an access that lacks %s is named", (field, access) => {
  expect(bindingFault(bindings, access)).toMatchObject({ field });
});

test("a test access meets the sandbox only and needs no binding", () => {
  expect(bindingFault(bindings, { ...confidential, mode: "test", cidrs: [], certificate: undefined })).toBeUndefined();
});
