import { expect, test } from "vitest";
import { pointerName } from "./pointer-name.ts";

test("a plain word is named, what may be personal data or a token is not", () => {
  expect(["nome", "id_imovel", "x-a", "__proto__", "valor2"].map(pointerName)).toEqual([
    "/nome",
    "/id_imovel",
    "/x-a",
    "/__proto__",
    "/valor2",
  ]);
  const data = ["52998224725", "cpf_52998224725", "maria@example.org", "Maria da Silva", `aq_test_${"a".repeat(38)}`, "a/b", "~", ""];
  expect(data.map(pointerName)).toEqual(data.map(() => ""));
});
