import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { strayKeys } from "../platform/key-backup.ts";
import { keyCheckValue } from "../platform/keyring.ts";
import { keyFaults } from "./check-key-files.ts";

const purposes = ["pepper", "data", "reference", "subject"] as const;
const keys = purposes.map((purpose, index) => ({ purpose, kid: `0000000${index}`, bytes: randomBytes(32) }));
const needed = keys.map(({ purpose, kid, bytes }) => ({
  purpose,
  kid,
  state: "live" as const,
  check_value: keyCheckValue(bytes).toString("hex"),
}));
const files = () => new Map(keys.map(({ purpose, kid, bytes }) => [`${purpose}-${kid}`, bytes]));

test("files that hold what the database needs have no fault", () => {
  expect(keyFaults(files(), needed)).toEqual([]);
});

test.each(keys)("a $purpose key that is missing or another one is named", ({ purpose, kid }) => {
  const name = `${purpose}-${kid}`;
  const without = files();
  without.delete(name);
  expect(keyFaults(without, needed)).toEqual([`${name} is missing: rows of the database need it`]);
  expect(keyFaults(files().set(name, randomBytes(32)), needed)).toEqual([`${name} is another key than the database needs`]);
});

test("a key that has ended is not needed", () => {
  expect(keyFaults(new Map(), [{ purpose: "pepper", kid: "00000009", state: "ended", check_value: "00" }])).toEqual([]);
});

test("a file of a key that the database has never heard of is a stray one; an ended key's file and a named secret are not", () => {
  const ended = { purpose: "pepper" as const, kid: "00000009", state: "ended" as const, check_value: "00" };
  const more = files().set("pepper-00000009", randomBytes(32)).set("data-1f2e3d4c", randomBytes(32)).set("secret-demo", randomBytes(32));
  expect(strayKeys(more, [...needed, ended])).toEqual(["data-1f2e3d4c"]);
  expect(strayKeys(files(), needed)).toEqual([]);
});
