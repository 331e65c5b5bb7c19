import { expect, test } from "vitest";
import { ApiError } from "../contract/client.ts";
import { errorTable, type ErrorCode } from "../contract/errors.ts";
import { failureOf } from "./failure.ts";

function refusal(code: ErrorCode, detail?: string): string {
  const { status, title } = errorTable[code];
  const problem = {
    type: `urn:aqueduto:problem:${code}`,
    title,
    status,
    code,
    request_id: "req_1",
    ...(detail === undefined ? {} : { detail }),
  };
  return failureOf(new ApiError(problem)).message;
}

test("what only a person may do says how to be one", () => {
  expect(refusal("forbidden", "only a signed-in person may do this, not an API key")).toMatch(/sign-in.*--as-me$/);
  expect(refusal("forbidden", "the scope licenses:write is not held")).not.toContain("--as-me");
});

test("a second factor that is too old, and a credential that has ended, name the command that helps", () => {
  expect(refusal("second-factor-required")).toContain("aqueduto account confirm");
  expect(refusal("unauthorized")).toContain("aqueduto sign-in");
});

test("a platform that does not answer is told from one that refuses", () => {
  const away = new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
  expect(failureOf(away)).toEqual({ message: expect.stringMatching(/does not answer.*is the platform running/) });
});
