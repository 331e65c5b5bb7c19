import { benchControl } from "./control.ts";
import { benchDemo } from "./demo.ts";
import { benchGateway } from "./gateway.ts";
import type { Verdict } from "./verdict.ts";

/** Areas that can be measured: `npm run bench -- <area>`. */
const areas: Record<string, () => Promise<Verdict[]>> = { demo: benchDemo, control: benchControl, gateway: benchGateway };

const area = areas[process.argv.slice(2).find((argument) => !argument.startsWith("--")) ?? ""];
if (area === undefined) {
  console.error(`which area? npm run bench -- ${Object.keys(areas).join("|")}`);
  process.exitCode = 2;
} else {
  const verdicts = await area();
  for (const one of verdicts) console.log([one.kind, one.name, one.figure, one.limit, one.outcome].join(" "));
  if (verdicts.some((one) => one.kind === "MUST" && one.outcome !== "ok")) process.exitCode = 1;
}
