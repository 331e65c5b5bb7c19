import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runChecks } from "./checks.ts";
import { root } from "./run-tool.ts";

type Report = { numPassedTests: number; numFailedTests: number; numPendingTests: number; numFailedTestSuites: number };

/** Runs vitest with its usual output and reads its counts from the JSON report. */
async function runTests(filters: string[]): Promise<{ passed: number; failed: number; skipped: number }> {
  const folder = mkdtempSync(join(tmpdir(), "aqueduto-test-"));
  const reportFile = join(folder, "report.json");
  const args = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`, ...filters];
  const child = spawn(process.execPath, [join(root, "node_modules", "vitest", "vitest.mjs"), ...args], { cwd: root, stdio: "inherit" });
  const code = await new Promise<number>((resolve) => child.on("close", (exit) => resolve(exit ?? 1)));
  const counts = readReport(reportFile);
  rmSync(folder, { recursive: true, force: true });
  // a crash outside any test must not look like success
  const failed = code !== 0 && counts.failed === 0 ? 1 : counts.failed;
  return { ...counts, failed };
}

function readReport(file: string): { passed: number; failed: number; skipped: number } {
  try {
    const report: Report = JSON.parse(readFileSync(file, "utf8"));
    const brokenFiles = report.numFailedTests === 0 ? report.numFailedTestSuites : 0;
    return { passed: report.numPassedTests, failed: report.numFailedTests + brokenFiles, skipped: report.numPendingTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const checked = await runChecks();
const tested = await runTests(process.argv.slice(2));
const failed = checked.failed + tested.failed;
const skipped = tested.skipped > 0 ? `, ${tested.skipped} skipped` : "";
console.log(`${checked.passed + tested.passed} passed, ${failed} failed${skipped}`);
process.exitCode = failed === 0 ? 0 : 1;
