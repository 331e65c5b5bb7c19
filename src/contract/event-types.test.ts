import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { isLgpdClass } from "./lgpd.ts";
import { eventType, eventTypes, isEventType, verificationType } from "./event-types.ts";

const ajv = new Ajv2020({ strict: false });
const names = Object.keys(eventTypes).filter(isEventType);

test.each(names)("the example of %s matches its own schema, and no other property does", (name) => {
  const item: object = JSON.parse(eventTypes[name].example);
  const validate = ajv.compile(eventTypes[name].schema);
  expect(validate(item)).toBe(true);
  expect(validate({ ...item, other: 1 })).toBe(false);
});

test.each(names)("every field of %s has an LGPD class, and those beyond technical are its sensitivity", (name) => {
  const fields: object[] = Object.values(eventTypes[name].schema.properties);
  const classes = fields.map((field) => ("x-lgpd" in field ? field["x-lgpd"] : undefined));
  expect(classes.every(isLgpdClass)).toBe(true);
  expect(new Set(classes.filter((one) => one !== "technical"))).toEqual(new Set(eventTypes[name].sensitivity));
});

test.each<[string, unknown]>([
  ["no client and no property", { idtransaction: 1, valorpago: 10 }],
  ["an id as text", { idtransaction: "1", idcliente: "01400-2", valorpago: 10 }],
  ["an id of zero", { idtransaction: 0, idcliente: "01400-2", valorpago: 10 }],
  ["an amount as text", { idtransaction: 1, idcliente: "01400-2", valorpago: "10" }],
  ["a negative amount", { idtransaction: 1, idcliente: "01400-2", valorpago: -1 }],
  ["a client that is a name", { idtransaction: 1, idcliente: "Maria", valorpago: 10 }],
  ["a field of its own", { idtransaction: 1, idcliente: "01400-2", valorpago: 10, cpf: "1" }],
])("an item with %s is refused", (_name, item) => {
  expect(ajv.compile(eventTypes["client-transaction"].schema)(item)).toBe(false);
});

test("the challenge is in no catalogue: it can be neither granted nor produced", () => {
  expect(eventType(verificationType)).toBeUndefined();
  expect(eventType("constructor")).toBeUndefined();
});
