import { answerHolds } from "../projection/answer-rule.ts";
import { parseExact, type ExactJson } from "../projection/exact-json.ts";
import type { ErrorCode } from "../../contract/errors.ts";
import type { OperationPolicy } from "../policy/snapshot.ts";
import { Refusal } from "../refusal.ts";
import type { UpstreamAnswer } from "../upstream/upstream-client.ts";
import { decode } from "../validation/parse-body.ts";
import type { ValidRequest } from "../validation/request-contract.ts";

/** A good answer: its status, and its document where the operation has one. */
export type CheckedAnswer = { status: number; document: ExactJson | undefined };

const jsonType = /^application\/json\s*(;|$)/i;

/**
 * Step 8, the check: maps the upstream's status, reads its document, and makes sure that the object asked for is the one
 * answered. Whatever else the upstream said (texts, headers, other documents) ends here.
 */
export function checkAnswer(answer: UpstreamAnswer, operation: OperationPolicy, request: ValidRequest): CheckedAnswer {
  if (answer.status < 200 || answer.status > 299) throw refusedUpstream(answer.status, operation.service.statusMap);
  if (operation.responseSchema === undefined) return { status: 204, document: undefined };
  const document = readDocument(answer);
  const rule = operation.answerRule;
  const asked = rule === undefined ? undefined : request.asked(rule);
  if (rule !== undefined && asked !== undefined && !answerHolds(document, rule.field, asked)) {
    throw failed("answer-mismatch", "The service answered about another object than the one asked for.");
  }
  return { status: answer.status, document };
}

function readDocument(answer: UpstreamAnswer): ExactJson {
  const text = jsonType.test(answer.contentType ?? "") ? decode(answer.body) : undefined;
  if (text === undefined) throw failed("answer-format", "The service did not answer with JSON in UTF-8.");
  try {
    return parseExact(text);
  } catch {
    throw failed("answer-format", "The service did not answer with valid JSON.");
  }
}

/** The upstream's refusals: an object that is not there, a conflict and a field it knows better are the caller's; the rest is ours. */
function refusedUpstream(status: number, statusMap: OperationPolicy["service"]["statusMap"]): Refusal {
  const mapped = statusMap.get(status);
  if (mapped !== undefined) return new Refusal(mapped, { clause: `upstream-${status}`, ...mappedDetail(mapped) });
  if (status === 404 || status === 410) return new Refusal("not-found", { clause: "object-unknown" });
  if (status === 409)
    return new Refusal("conflict", { clause: "upstream-conflict", detail: "The service refused: this conflicts with what is there." });
  if (status === 422)
    return new Refusal("invalid-field", { clause: "upstream-invalid", detail: "The service refused a value of the request." });
  if (status === 504) return new Refusal("upstream-timeout", { clause: "upstream-504", detail: "The service did not answer in time." });
  return failed(`upstream-${status}`, "The service could not answer this request.");
}

/** A 404 keeps the fixed text of all 404s. */
function mappedDetail(code: ErrorCode): { detail?: string } {
  return code === "not-found" ? {} : { detail: "The service could not answer this request." };
}

function failed(clause: string, detail: string): Refusal {
  return new Refusal("upstream-failed", { clause, detail });
}
