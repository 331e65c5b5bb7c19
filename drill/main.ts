import { parseArgs } from "node:util";
import { drillRevocation } from "./revocation.ts";
import { drillStoreAway } from "./store-away.ts";

/** What can be drilled: `npm run drill -- <name>`. Each resolves with whether its promise held. */
const drills: Record<string, (options: { seconds: number | undefined }) => Promise<boolean>> = {
  revocation: drillRevocation,
  "store-away": drillStoreAway,
};

const { values, positionals } = parseArgs({ options: { seconds: { type: "string" } }, allowPositionals: true });
const [name, ...rest] = positionals;
const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
const drill = rest.length === 0 && (seconds === undefined || seconds > 0) ? drills[name ?? ""] : undefined;
if (drill === undefined) {
  console.error(`which drill? npm run drill -- ${Object.keys(drills).join("|")} [--seconds N: how long the store is away]`);
  process.exitCode = 2;
} else if (!(await drill({ seconds }))) process.exitCode = 1;
