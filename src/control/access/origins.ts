import { AppError } from "../../contract/errors.ts";

const originPattern = /^(https?):\/\/([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::([1-9]\d{0,4}))?$/;

/**
 * Checks the web origins of a publishable access: `https://host` or `https://host:port`, lower case, exactly as a browser
 * sends it (RFC 6454: no path, no default port). Plain http is for localhost in test mode alone.
 * Refuses with `invalid-field`.
 */
export function parseOrigins(texts: readonly string[], mode: "live" | "test"): string[] {
  for (const [index, text] of texts.entries()) {
    if (!isOrigin(text, mode)) {
      throw new AppError("invalid-field", "an origin like https://app.example.com is expected", { pointer: `/body/origins/${index}` });
    }
    if (texts.indexOf(text) !== index) {
      throw new AppError("invalid-field", "this origin is named twice", { pointer: `/body/origins/${index}` });
    }
  }
  return [...texts];
}

function isOrigin(text: string, mode: "live" | "test"): boolean {
  const match = originPattern.exec(text);
  if (match === null || !URL.canParse(text) || new URL(text).origin !== text) return false;
  return match[1] === "https" || (mode === "test" && match[2] === "localhost");
}
