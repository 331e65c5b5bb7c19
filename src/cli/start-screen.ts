import type { PlatformSummary } from "../contract/platform-summary.ts";

/** What a person reads after a start: where things are, one call to paste, one payment to make. */
export function startScreen(summary: PlatformSummary): string {
  return `${["", "Aqueduto is running.", "", ...places(summary), "", ...(summary.demo ? demoLines(summary.demo, summary.gateway) : realLines(summary)), ...setupLines(summary), ""].join("\n")}\n`;
}

function places(summary: PlatformSummary): string[] {
  return [
    `  gateway   ${summary.gateway}`,
    `  admin     ${summary.admin}`,
    ...(summary.base === undefined ? [] : [`  base      ${summary.base}`]),
    ...(summary.demo === undefined ? [] : [`  receiver  ${summary.demo.receiver}/received`]),
    `  data      ${summary.dataDir}`,
  ];
}

function demoLines(demo: NonNullable<PlatformSummary["demo"]>, gateway: string): string[] {
  const token = demo.token ?? "(shown at the first start; also in demo.json)";
  return [
    "This is a demo: a synthetic utility, a partner with a license, and its token:",
    "",
    `  ${token}`,
    "",
    "Call the gateway:",
    "",
    `  curl -H "Authorization: Bearer ${token}" ${gateway}${demo.call.path}`,
    "",
    "Make a payment and see it arrive as a signed webhook:",
    "",
    "  npx aqueduto demo pay",
    `  curl ${demo.receiver}/received`,
    "",
    "See the call in the audit, and the payment:",
    "",
    "  npx aqueduto audit tail",
    "  npx aqueduto audit tail --log admin",
    "",
    "Ctrl-C ends everything; the next start goes on with the same data.",
  ];
}

function realLines(summary: PlatformSummary): string[] {
  return [`The operator's key is in ${summary.operatorKeyFile}.`, "Next: npx aqueduto doctor, npx aqueduto --help"];
}

function setupLines({ setup }: PlatformSummary): string[] {
  if (setup === undefined) return [];
  return ["", `There is no administrador yet. This link makes the first one, once, until ${setup.expiresAt}:`, "", `  ${setup.url}`];
}
