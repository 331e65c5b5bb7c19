import { parseArgs } from "node:util";
import { fuzzAnswers } from "../test/wire/fuzz-answers.ts";
import { fuzzRequests } from "../test/wire/fuzz-requests.ts";

/** `npm run fuzz -- [--seconds N] [--seed S] [--engine wire|node]`: the fuzzers of the tests for as long as one likes. */
const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string" }, engine: { type: "string", default: "wire" } },
});
const engine = values.engine === "node" ? "node" : "wire";
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
const half = (Number(values.seconds) * 1000) / 2;

let failed = false;
for (const [name, fuzz] of Object.entries({ requests: fuzzRequests, answers: fuzzAnswers })) {
  const end = performance.now() + half;
  const { cases, forwarded, refused, faults } = await fuzz({ engine, seed, goOn: () => performance.now() < end });
  console.log(
    `${name} (engine ${engine}, first seed ${seed}): ${cases} cases, ${forwarded} good answers, ${refused} refused, ${faults.length} faults`,
  );
  for (const fault of faults.slice(0, 10)) console.log(fault);
  failed ||= faults.length > 0;
}
process.exitCode = failed ? 1 : 0;
