import type { Command } from "commander";
import { processingColumns } from "../contract/processing-record.ts";
import type { Reply } from "../contract/routes.ts";
import { connect } from "./connect.ts";
import { defined } from "./defined.ts";
import { CommandError } from "./failure.ts";
import { addIncident } from "./incident.ts";
import { show, showRows } from "./output.ts";
import { readStandardInput } from "./read-document.ts";

/** `aqueduto privacy …`: what the LGPD asks of the utility. */
export function addPrivacy(program: Command): void {
  const privacy = program
    .command("privacy")
    .description("LGPD: record of processing, who received data of a person, incidents")
    .addHelpText("after", "\nExample:\n  aqueduto privacy record --from 2026-10");
  privacy
    .command("record")
    .description("the record of processing (art. 37) of whole months: license × operation × categories × volume")
    .requiredOption("--from <month>", "first month, YYYY-MM")
    .option("--to <month>", "last month; default: the same")
    .option("--csv", "CSV (UTF-8, ;) instead of one JSON document a line")
    .addHelpText("after", "\nExample:\n  aqueduto privacy record --from 2026-10 --csv > ropa.csv")
    .action(record);
  privacy
    .command("subject")
    .description("who received data of a person (arts. 9 and 18); the value is read from standard input, stored nowhere")
    .option("--document", "the value is a CPF or CNPJ")
    .option("--matricula", "the value is a matrícula")
    .option("--from <instant>", "RFC 3339; default: everything that is kept")
    .option("--to <instant>", "RFC 3339; default: now")
    .addHelpText("after", "\nExample:\n  aqueduto privacy subject --matricula <<< 123455")
    .action(subject);
  addIncident(privacy);
}

async function record(options: { from: string; to?: string; csv?: boolean }, command: Command): Promise<void> {
  const client = await connect(command);
  const body = { from: options.from, ...defined({ to: options.to }) };
  const rows = client.stream("POST /v1/processing-record/export", { body });
  await showRows(command, rows, { csv: options.csv === true, columns: processingColumns });
}

type SubjectOptions = { document?: boolean; matricula?: boolean; from?: string; to?: string };

async function subject(options: SubjectOptions, command: Command): Promise<void> {
  if ((options.document === true) === (options.matricula === true))
    throw new CommandError("--document or --matricula is expected", { usage: true });
  const client = await connect(command);
  const value = await readStandardInput(options.document === true ? "the CPF or CNPJ" : "the matrícula");
  const report = await client.call("POST /v1/subject-reports", {
    body: {
      ...(options.document === true ? { document: value } : { matricula: value }),
      ...defined({ from: options.from, to: options.to }),
    },
  });
  show(command, report, () => [
    `report ${report.report_id}, ${report.from} to ${report.to}`,
    ...(report.items.length === 0 ? ["No call was answered with data of this person."] : report.items.map(disclosureLine)),
    ...(report.calls_not_indexed === 0
      ? []
      : [`${report.calls_not_indexed} calls named more persons than a record holds; this one may be among them.`]),
  ]);
}

function disclosureLine(one: Reply<"POST /v1/subject-reports">["items"][number]): string {
  const who = `${one.partner_name ?? "?"} (${one.license_id ?? "?"} v${one.license_version ?? "?"})`;
  return `${who}  ${one.operation_id ?? "?"}  ${one.calls} calls  ${one.first_at} to ${one.last_at}  ${one.categories.join(" ")}  purpose: ${one.purpose ?? "?"}`;
}
