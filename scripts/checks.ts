import { runTool } from "./run-tool.ts";

/** Everything that is checked without running the product; generated files are diffed by their own tests. */
const checks: { name: string; tool: string; args: string[] }[] = [
  { name: "types", tool: "tsc", args: ["-p", "tsconfig.json"] },
  { name: "types of the contract (neither Node nor DOM)", tool: "tsc", args: ["-p", "src/contract"] },
  { name: "lint and folder fences", tool: "oxlint", args: ["--type-aware"] },
  { name: "format", tool: "oxfmt", args: ["--check", "."] },
  { name: "dead code and dependencies", tool: "knip", args: [] },
];

/** Runs every check, prints one line each and the output of those that failed; resolves with how many passed and failed. */
export async function runChecks(): Promise<{ passed: number; failed: number }> {
  let failed = 0;
  for (const check of checks) {
    const { code, output } = await runTool(check.tool, check.args);
    console.log(`${code === 0 ? "ok    " : "FAILED"} ${check.name}`);
    if (code !== 0) {
      failed += 1;
      console.log(output);
    }
  }
  return { passed: checks.length - failed, failed };
}
