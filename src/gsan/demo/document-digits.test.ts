import fc from "fast-check";
import { expect, test } from "vitest";
import { billBarcode, isBarcode, printedLine, referenceDigit } from "./barcode.ts";
import { bankLine } from "./bank-line.ts";
import { cnpjOf, cpfOf, hasMatriculaDigit, isCnpj, isCpf, matriculaOf } from "./document-digits.ts";

test("known documents have the known digits", () => {
  expect(cpfOf("111444777")).toBe("11144477735");
  expect(cnpjOf("112223330001")).toBe("11222333000181");
  expect(cnpjOf("12ABC34501DE")).toBe("12ABC34501DE35");
  expect(matriculaOf(12345)).toBe(123455);
});

test("repeated digits, other lengths and lower case are no documents", () => {
  for (const text of ["11111111111", "1114447773", "111444777355", "1114447773X", ""]) {
    expect(isCpf(text)).toBe(false);
  }
  for (const text of ["00000000000000", "12abc34501de35", "12ABC34501DE3X", "11222333000182"]) {
    expect(isCnpj(text)).toBe(false);
  }
});

test("one wrong digit at the end never passes", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_998 }), fc.integer({ min: 1, max: 9 }), (root, shift) => {
      const cpf = cpfOf(String(root).padStart(9, "0"));
      expect(isCpf(cpf) || /^(\d)\1{10}$/.test(cpf)).toBe(true);
      expect(isCpf(`${cpf.slice(0, 10)}${(Number(cpf[10]) + shift) % 10}`)).toBe(false);
      const matricula = matriculaOf(root % 100_000_000);
      expect(hasMatriculaDigit(matricula)).toBe(true);
      expect(hasMatriculaDigit(matricula - (matricula % 10) + (((matricula % 10) + shift) % 10))).toBe(false);
    }),
  );
});

test("a bill's barcode and its printed line follow GSAN's layout", () => {
  const bill = { localityId: 1, matricula: 123_455, month: 202_609 };
  const code = billBarcode(bill, 8_540);
  expect(referenceDigit(202_609)).toBe(4);
  expect(code).toBe("82620000000854099990010001234550109202640003");
  expect(printedLine(code)).toBe("826200000006854099990012000123455016092026400033");
});

test("every barcode has a valid general digit, and one changed digit breaks it", () => {
  const bills = fc.record({
    localityId: fc.integer({ min: 1, max: 999 }),
    matricula: fc.integer({ min: 1, max: 999_999_999 }),
    month: fc.constantFrom(202_512, 202_601, 202_611),
  });
  fc.assert(
    fc.property(bills, fc.integer({ min: 1, max: 999_999_999 }), fc.integer({ min: 4, max: 43 }), (bill, cents, at) => {
      const code = billBarcode(bill, cents);
      expect(code).toMatch(/^\d{44}$/);
      expect(isBarcode(code)).toBe(true);
      const other = (Number(code[at]) + 1) % 10;
      expect(isBarcode(`${code.slice(0, at)}${other}${code.slice(at + 1)}`)).toBe(false);
    }),
  );
});

test("a bank line has 150 characters with days, barcode and value at their places", () => {
  const barcode = billBarcode({ localityId: 1, matricula: 123_455, month: 202_609 }, 8_540);
  const line = bankLine({ paidOn: "2026-11-23", creditedOn: "2026-11-25", barcode, cents: 8_540, sequence: 7, wayCode: "P" });
  expect(line).toHaveLength(150);
  expect(line[0]).toBe("G");
  expect(line.slice(21, 37)).toBe("2026112320261125");
  expect(line.slice(37, 81)).toBe(barcode);
  expect(line.slice(81, 93)).toBe("000000008540");
  expect(line.slice(100, 108)).toBe("00000007");
  expect(line[116]).toBe("P");
});
