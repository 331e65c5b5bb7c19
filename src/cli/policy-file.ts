import { Ajv, type ErrorObject } from "ajv";
import formats from "ajv-formats";
import Type, { type Static } from "typebox";
import { type Document, isMap, isNode, isPair, LineCounter, parseDocument, visit } from "yaml";
import { NewAccess } from "../contract/access.ts";
import { strict, text } from "../contract/fields.ts";
import { contentInput, LicenseOperation } from "../contract/license-content.ts";
import { NewWebhook } from "../contract/webhook.ts";

const { operations: _, ...content } = contentInput;

/** A license as the file states it. Its people may be left out and named in the console: files are copied. */
const FileLicense = strict({ ...content, operations: Type.Array(LicenseOperation, { maxItems: 500 }) });
export type FileLicense = Static<typeof FileLicense>;

const { client_id: _client, license_id: _license, ...access } = NewAccess.properties;
const FileAccess = strict({ license: text(200), ...access });
export type FileAccess = Static<typeof FileAccess>;

const FileClient = strict({ name: text(200), accesses: Type.Optional(Type.Array(FileAccess, { maxItems: 500 })) });
export type FileClient = Static<typeof FileClient>;

const { license_id: _hook, ...webhook } = NewWebhook.properties;
const FileWebhook = strict({ license: text(200), ...webhook });
export type FileWebhook = Static<typeof FileWebhook>;

const FilePartner = strict({
  name: text(200),
  licenses: Type.Optional(Type.Array(FileLicense, { maxItems: 500 })),
  clients: Type.Optional(Type.Array(FileClient, { maxItems: 500 })),
  webhooks: Type.Optional(Type.Array(FileWebhook, { maxItems: 500 })),
});
export type FilePartner = Static<typeof FilePartner>;

/** A policy as a file: names are identity. What is not in the file is left alone; what it leaves out of a thing too. */
const PolicyFile = strict({ version: Type.Literal(1), partners: Type.Array(FilePartner, { maxItems: 1000 }) });
export type PolicyFile = Static<typeof PolicyFile>;

/** The file is not a policy; one line per fault, with line and column. */
export class PolicyFileError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.name = "PolicyFileError";
    this.faults = faults;
  }
}

const ajv = new Ajv({ strict: false, allErrors: true });
formats.default(ajv, ["date-time"]);
const check = ajv.compile<PolicyFile>(PolicyFile);

/** Reads the text of a policy file (YAML 1.2; JSON is YAML too). Throws PolicyFileError with every fault and its place. */
export function parsePolicyFile(source: string): PolicyFile {
  const lines = new LineCounter();
  const document = parseDocument(source, {
    lineCounter: lines,
    strict: true,
    uniqueKeys: true,
    merge: false,
    version: "1.2",
    prettyErrors: false,
  });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `line ${line}, column ${col}`;
  };
  const broken = [...document.errors, ...document.warnings].map((error) => `${place(error.pos[0])}: ${error.message}`);
  // a small file of aliases can stand for a huge one
  visit(document, { Alias: (_key, node) => void broken.push(`${place(node.range?.[0] ?? 0)}: aliases are not taken here`) });
  if (broken.length > 0) throw new PolicyFileError(broken);
  const value: unknown = document.toJS();
  const at = (path: readonly (string | number)[]) => place(offsetOf(document, path));
  if (!check(value)) throw new PolicyFileError(faultLines(check.errors ?? [], at));
  const doubled = doubledNames(value).map((one) => `${at(one.path)}: ${one.message}`);
  if (doubled.length > 0) throw new PolicyFileError(doubled);
  return value;
}

type At = (path: readonly (string | number)[]) => string;

function faultLines(errors: readonly ErrorObject[], at: At): string[] {
  const lines = errors.map((error) => {
    const path = error.instancePath.split("/").slice(1).map(pathStep);
    const extra: unknown = error.params["additionalProperty"];
    if (typeof extra === "string") return `${at([...path, extra])}: ${extra} is not known here`;
    return `${at(path)}: ${error.instancePath === "" ? "the file" : error.instancePath} ${error.message ?? "is not valid"}`;
  });
  return [...new Set(lines)];
}

function pathStep(step: string): string | number {
  return /^\d+$/.test(step) ? Number(step) : step.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** Where the member of a path begins; of its parent when it is not there. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const name = path[length - 1];
    const key = isMap(parent) ? parent.items.find((pair) => isPair(pair) && String(pair.key) === String(name))?.key : undefined;
    const node = isNode(key) ? key : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

type Doubled = { path: (string | number)[]; message: string };

/** Names are identity, so the same name twice means nothing. */
function doubledNames(file: PolicyFile): Doubled[] {
  const found = doubledIn(file.partners, "name", ["partners"]);
  for (const [p, partner] of file.partners.entries()) {
    const under = (kind: string) => ["partners", p, kind];
    found.push(...doubledIn(partner.licenses ?? [], "name", under("licenses")));
    found.push(...doubledIn(partner.clients ?? [], "name", under("clients")));
    found.push(...doubledIn(partner.webhooks ?? [], "name", under("webhooks")));
    for (const [c, client] of (partner.clients ?? []).entries())
      found.push(...doubledIn(client.accesses ?? [], "license", [...under("clients"), c, "accesses"]));
    found.push(...unknownLicenses(partner, p));
  }
  return found;
}

function doubledIn<Name extends string>(items: readonly Record<Name, string>[], name: Name, path: (string | number)[]): Doubled[] {
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    const isNew = !seen.has(item[name]);
    seen.add(item[name]);
    return isNew ? [] : [{ path: [...path, index, name], message: `${item[name]} is there twice` }];
  });
}

/** Accesses and webhooks name a license of their own partner in the same file. */
function unknownLicenses(partner: FilePartner, p: number): Doubled[] {
  const names = new Set((partner.licenses ?? []).map((one) => one.name));
  const uses = [
    ...(partner.clients ?? []).flatMap((client, c) =>
      (client.accesses ?? []).map((one, a) => ({ name: one.license, path: ["clients", c, "accesses", a, "license"] })),
    ),
    ...(partner.webhooks ?? []).map((one, w) => ({ name: one.license, path: ["webhooks", w, "license"] })),
  ];
  return uses
    .filter((use) => !names.has(use.name))
    .map((use) => ({ path: ["partners", p, ...use.path], message: `this partner has no license ${use.name} in the file` }));
}
