import fc from "fast-check";
import { expect, test } from "vitest";
import { eventTypes } from "../contract/event-types.ts";
import { deliveryBody, thinItem } from "./body.ts";

test("the seed's example is reproduced byte for byte", () => {
  const body = deliveryBody("client-transaction", [eventTypes["client-transaction"].example]);
  expect(body).toBe('{"client-transaction":[{"idtransaction":1,"idcliente":"01400-2","valorpago":10}]}');
});

test("two items stand in order, joined by a comma", () => {
  expect(
    deliveryBody("client-transaction-reversed", ['{"idtransaction":2,"valorpago":0.01}', '{"idtransaction":1,"valorpago":10.5}']),
  ).toBe('{"client-transaction-reversed":[{"idtransaction":2,"valorpago":0.01},{"idtransaction":1,"valorpago":10.5}]}');
});

test("a thin item keeps the named fields in their exact characters", () => {
  const item = '{ "valorpago": 1.10, "idtransaction" : 12345678901234567890, "nota":"\\u00e9", "lista":[1] }';
  expect(thinItem(item, ["idtransaction", "nota", "lista", "absent"])).toBe('{"idtransaction":12345678901234567890,"nota":"\\u00e9"}');
});

test("a thin item never shows a field that is not named", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (record) => {
      const thin: unknown = JSON.parse(thinItem(JSON.stringify({ ...record, idtransaction: 7 }), ["idtransaction"]));
      expect(thin).toEqual({ idtransaction: 7 });
    }),
  );
});
