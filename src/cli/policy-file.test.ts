import fc from "fast-check";
import { expect, test } from "vitest";
import { parsePolicyFile, PolicyFileError } from "./policy-file.ts";

const good = `version: 1
partners:
  - name: Banco X
    licenses:
      - name: Cobrança
        purpose: Baixa de contas
        legal_basis: art. 7 V
        ends_at: 2030-01-01T00:00:00Z
        rate_per_second: 5
        burst: 10
        operations:
          - operation_id: getBill
            projection: { financial: full }
        events:
          - { event_type: client-transaction, variant: whole }
    clients:
      - name: Portal
        accesses:
          - { license: Cobrança, kind: confidential, mode: live, cidrs: [10.0.0.0/8] }
    webhooks:
      - license: Cobrança
        name: Pagamentos
        url: https://hooks.example.com/
        event_types: [client-transaction]
        mode: live
`;

function faults(source: string): readonly string[] {
  try {
    parsePolicyFile(source);
    return [];
  } catch (error) {
    if (error instanceof PolicyFileError) return error.faults;
    throw error;
  }
}

test("a policy is read", () => {
  const file = parsePolicyFile(good);
  expect(file.partners[0]?.licenses?.[0]).toMatchObject({ name: "Cobrança", ends_at: "2030-01-01T00:00:00Z", burst: 10 });
  expect(file.partners[0]?.clients?.[0]?.accesses).toHaveLength(1);
});

test.each([
  [
    "a member that is not known",
    good.replace("burst: 10", "burst: 10\n        bursts: 2"),
    /^line 11, column 9: bursts is not known here$/,
  ],
  [
    "a value of another form",
    good.replace("burst: 10", "burst: many"),
    /^line 10, column 9: \/partners\/0\/licenses\/0\/burst must be integer$/,
  ],
  [
    "a member that is missing",
    good.replace("        ends_at: 2030-01-01T00:00:00Z\n", ""),
    /^line 5, column 9: .*must have required property 'ends_at'$/,
  ],
  [
    "a name that is there twice",
    good.replace("  - name: Banco X", "  - name: Banco X\n  - name: Banco X"),
    /^line 4, column 5: Banco X is there twice$/,
  ],
  [
    "a license that is not in the file",
    good.replace("license: Cobrança, kind", "license: Outra, kind"),
    /^line 19, column 15: this partner has no license Outra in the file$/,
  ],
  ["a key that is there twice", good.replace("burst: 10", "burst: 10\n        burst: 11"), /^line 11, column 9: Map keys must be unique$/],
  ["broken YAML", good.replace("[client-transaction]", "[client-transaction"), /^line \d+, column \d+: /],
  ["another version", good.replace("version: 1", "version: 2"), /^line 1, column 1: \/version must be/],
  ["nothing", "", /^line 1, column 1: the file must be object$/],
  ["a secret", good.replace("mode: live\n", "mode: live\n        secret: whsec_x\n").replace(/\n$/, ""), /secret is not known here/],
])("%s is named with its place", (_case, source, message) => {
  const found = faults(source);
  expect(found.join("\n")).toMatch(message);
});

test("aliases cannot blow a small file up", () => {
  const bomb = `a: &a [x, x]\nb: &b [*a, *a]\nversion: 1\npartners: [*b]\n`;
  expect(faults(bomb)).toContain("line 4, column 12: aliases are not taken here");
});

test("no text makes it fail in another way", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 200 }),
        fc.jsonValue().map((value) => JSON.stringify(value)),
      ),
      (source) => {
        expect(() => faults(source)).not.toThrow();
      },
    ),
  );
});
