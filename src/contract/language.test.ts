import fc from "fast-check";
import { expect, test } from "vitest";
import { languageOf } from "./language.ts";

test.each([
  [undefined, "en"],
  ["", "en"],
  ["pt-BR", "pt-BR"],
  ["PT", "pt-BR"],
  ["pt-PT,pt;q=0.9", "pt-BR"],
  ["en;q=0.8, pt-BR;q=0.9", "pt-BR"],
  ["pt;q=0.8, en", "en"],
  ["fr, pt-BR;q=0.3", "pt-BR"],
  ["pt-BR;q=0", "en"],
  ["pt-BR;q=2", "en"],
  ["*", "en"],
  ["ptx", "en"],
])("%s asks for %s", (header, language) => {
  expect(languageOf(header)).toBe(language);
});

test("no header makes it fail or answer in a third language", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme-ascii", maxLength: 60 }), (header) => ["en", "pt-BR"].includes(languageOf(header))));
});
