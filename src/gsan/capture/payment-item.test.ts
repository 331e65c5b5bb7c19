import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reversalItem, transactionItem } from "./payment-item.ts";

const hold = { digitRule: "modulo11", unknownClient: "hold" } as const;
const property = { digitRule: "modulo11", unknownClient: "property" } as const;

describe("a client-transaction item", () => {
  test("has these bytes", () => {
    expect(transactionItem(hold, { id: 1, amount: "10.00", imovId: null }, "1400")).toBe(
      `{"idtransaction":1,"idcliente":"01400-1","valorpago":10}`,
    );
  });

  test.each([
    [hold, "123455", undefined],
    [property, null, undefined],
    [property, "123455", `{"idtransaction":1,"idimovel":"12345-5","valorpago":10}`],
    [property, "7", `{"idtransaction":1,"idimovel":"7","valorpago":10}`],
  ])("without a client, by %j and property %s, is %s", (rule, imovId, item) => {
    expect(transactionItem(rule, { id: 1, amount: "10.00", imovId }, undefined)).toBe(item);
  });

  test("is JSON with the id, and an amount equal to the cent, for any payment", () => {
    const money = fc.bigInt({ min: 1n, max: 10n ** 13n - 1n }).map((cents) => `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`);
    fc.assert(
      fc.property(fc.nat(), money, fc.nat(), (id, amount, client) => {
        const text = transactionItem(hold, { id, amount, imovId: null }, String(client)) ?? "";
        const item = JSON.parse(text) as { idtransaction: number; idcliente: string; valorpago: number };
        expect(Object.keys(item)).toEqual(["idtransaction", "idcliente", "valorpago"]);
        expect(item.idtransaction).toBe(id);
        expect(item.idcliente).toMatch(/^\d{5,}-\d$/);
        expect(item.valorpago.toFixed(2)).toBe(amount);
      }),
    );
  });
});

test("a reversal item has these bytes", () => {
  expect(reversalItem(1, "10.00")).toBe(`{"idtransaction":1,"valorpago":10}`);
});
