import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { compileProjection } from "./compile-projection.ts";
import { parseExact } from "./exact-json.ts";
import { createOpaqueRefs } from "./opaque-ref.ts";

const refs = createOpaqueRefs(randomBytes(32), "ten_a", "lic_a");
const schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    matricula: { type: "integer", "x-lgpd": "indirect" },
    situacao: { type: "string", "x-lgpd": "none" },
    atualizado_em: { type: "string", "x-lgpd": "technical" },
    sem_classe: { type: "string" },
    perfil_social: { type: "string", "x-lgpd": "vulnerability" },
    titular: {
      type: ["object", "null"],
      properties: {
        nome: { type: "string", "x-lgpd": "identity" },
        cpf: { type: "string", format: "cpf", "x-lgpd": { category: "identity" } },
        email: { type: ["string", "null"], "x-lgpd": "contact" },
        telefones: { type: "array", items: { type: "string", "x-lgpd": "contact" } },
      },
    },
    endereco: {
      type: "object",
      properties: {
        logradouro: { type: "string", "x-lgpd": "address" },
        bairro: { type: "string", "x-lgpd": "address" },
        nomeMunicipio: { type: "string", "x-lgpd": "address" },
      },
    },
    contas: {
      type: "array",
      items: {
        type: "object",
        properties: { valor: { type: "number", "x-lgpd": "financial" }, consumo: { type: "integer", "x-lgpd": "consumption" } },
      },
    },
  },
};
const answer = `{"matricula":1234567,"situacao":"LIGADO","atualizado_em":"2026-01-01","sem_classe":"x","perfil_social":"y","a_mais":1,
 "titular":{"nome":"Maria da Silva","cpf":"12345678909","email":null,"telefones":["(81) 98765-4321"],"rg":"1"},
 "endereco":{"logradouro":"Rua A","bairro":"Boa Vista","nomeMunicipio":"Recife"},
 "contas":[{"valor":10.50,"consumo":12},{"valor":12345678901234567890.10,"consumo":1e3}]}`;

function shown(levels: Record<string, string>, text: string = answer, of: unknown = schema): string {
  const projected = compileProjection(of, levels, refs)(parseExact(text));
  return projected ?? "nothing";
}

test("a license that names no class shows the free classes alone", () => {
  expect(shown({})).toBe('{"situacao":"LIGADO","atualizado_em":"2026-01-01"}');
});

test("unclassified, undescribed and ungrantable fields are dropped even when everything is full", () => {
  const everything = {
    indirect: "full",
    identity: "full",
    contact: "full",
    address: "full",
    financial: "full",
    consumption: "full",
    vulnerability: "full",
  };
  const text = shown(everything);
  for (const hidden of ["sem_classe", "perfil_social", "a_mais", "rg"]) expect(text).not.toContain(hidden);
  expect(text).toContain('"titular":{"nome":"Maria da Silva","cpf":"12345678909","email":null,"telefones":["(81) 98765-4321"]}');
});

test("numbers leave with the literal they came with", () => {
  expect(shown({ financial: "full" })).toContain('"contas":[{"valor":10.50},{"valor":12345678901234567890.10}]');
});

test("masked shows the forms of the architecture page", () => {
  const text = shown({
    indirect: "masked",
    identity: "masked",
    contact: "masked",
    address: "masked",
    financial: "masked",
    consumption: "masked",
  });
  expect(JSON.parse(text)).toEqual({
    matricula: refs.hide("imovel", "1234567"),
    situacao: "LIGADO",
    atualizado_em: "2026-01-01",
    titular: { nome: "M. D. S.", cpf: "***.456.789-**", email: null, telefones: ["***21"] },
    endereco: { bairro: "Boa Vista", nomeMunicipio: "Recife" },
  });
});

test("a value of another type than the schema says is dropped", () => {
  expect(shown({}, '{"situacao":{"nome":"Maria"},"atualizado_em":["x"]}')).toBe("{}");
  expect(shown({ consumption: "full" }, '{"contas":[{"consumo":"12"},{"consumo":1e3},{"consumo":12}]}')).toBe(
    '{"contas":[{},{},{"consumo":12}]}',
  );
  expect(shown({ identity: "masked" }, '{"titular":"12345678909"}')).toBe("{}");
});

test("an answer of another outer form is nothing at all", () => {
  for (const text of ["[]", '"x"', "1", "null"]) expect(shown({}, text)).toBe("nothing");
  expect(shown({}, "{}", { type: "array", items: { type: "string", "x-lgpd": "none" } })).toBe("nothing");
});

test("a class on a container closes all that is inside it", () => {
  const closed = {
    type: "object",
    properties: { grupo: { type: "object", "x-lgpd": "sensitive", properties: { a: { type: "string", "x-lgpd": "none" } } } },
  };
  expect(shown({ sensitive: "full" }, '{"grupo":{"a":"x"}}', closed)).toBe("{}");
});

test("a class that says identity on a yes or no is shown only in full", () => {
  const check = { type: "object", properties: { confere: { type: "boolean", "x-lgpd": "identity" } } };
  expect(shown({ identity: "masked" }, '{"confere":true}', check)).toBe("{}");
  expect(shown({ identity: "full" }, '{"confere":true}', check)).toBe('{"confere":true}');
});

test("names of object prototypes in an answer are data like any other", () => {
  expect(shown({}, '{"__proto__":{"situacao":"x"},"constructor":1,"situacao":"a"}')).toBe('{"situacao":"a"}');
});

test("a field that a mask drops is dropped when it is null too: its absence tells nothing", () => {
  const address = {
    type: "object",
    properties: { complement: { type: ["string", "null"], "x-lgpd": "address" }, bairro: { type: "string", "x-lgpd": "address" } },
  };
  const project = compileProjection(address, { address: "masked" }, refs);
  const shown = (text: string) => project(parseExact(text));
  expect(shown('{"complement":null,"bairro":"B"}')).toBe(shown('{"complement":"CASA 2","bairro":"B"}'));
});
