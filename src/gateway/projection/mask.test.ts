import fc from "fast-check";
import { expect, test } from "vitest";
import { maskDocument, maskEmail, maskName, maskPhone } from "./mask.ts";

test("a CPF keeps its six middle digits, written with points or without", () => {
  expect(maskDocument("12345678909")).toBe("***.456.789-**");
  expect(maskDocument("123.456.789-09")).toBe("***.456.789-**");
});

test("a CNPJ keeps its middle, letters included", () => {
  expect(maskDocument("12345678000195")).toBe("**.345.678/****-**");
  expect(maskDocument("12.ABC.345/01DE-35")).toBe("**.ABC.345/****-**");
});

test("what is no document is dropped, not shown", () => {
  for (const value of ["", "1234", "123456789012", "João 12345678909", "12345678909 "]) {
    const masked = maskDocument(value);
    expect(masked === undefined || masked === "***.456.789-**").toBe(true);
  }
  expect(maskDocument("1234567")).toBeUndefined();
});

test("a name becomes its initials", () => {
  expect(maskName("Maria da Silva")).toBe("M. D. S.");
  expect(maskName("  ÉRICA  d'Ávila ")).toBe("É. D. Á.");
  expect(maskName("   ")).toBeUndefined();
});

test("an e-mail keeps the first letter of user and host", () => {
  expect(maskEmail("maria@dominio.com.br")).toBe("m***@d***");
  for (const bad of ["maria", "@d", "a@", "a b@c", "a@b@c"]) expect(maskEmail(bad)).toBeUndefined();
});

test("a phone keeps its last two digits", () => {
  expect(maskPhone("(81) 98765-4321")).toBe("***21");
  expect(maskPhone("21")).toBeUndefined();
});

test("no mask shows a run of three letters or seven digits of what it hides", () => {
  const digits = fc.stringMatching(/^[0-9]{11}$/);
  fc.assert(
    fc.property(digits, (cpf) => {
      expect(maskDocument(cpf)?.replaceAll(/[^0-9]/g, "").length).toBe(6);
      expect(maskPhone(cpf)?.replaceAll(/[^0-9]/g, "").length).toBe(2);
    }),
  );
  fc.assert(
    fc.property(fc.string(), (name) => {
      expect(maskName(name) ?? "").not.toMatch(/\p{Ll}{2}|\p{Lu}{3}/u);
    }),
  );
});
