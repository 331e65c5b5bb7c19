import { readFile } from "node:fs/promises";
import pg from "pg";
import type { ClientBase } from "pg";
import type { DemoBaseProgress } from "../../contract/demo-port.ts";
import { AppError } from "../../contract/errors.ts";
import { planBase } from "./fill/base-plan.ts";
import type { BaseOptions } from "./fill/base-plan.ts";
import { fillBase } from "./fill/fill-base.ts";
import { grantReader } from "./reader-grants.ts";
import type { Reader } from "./reader-grants.ts";

export type DemoBaseOptions = BaseOptions & {
  /** Superuser URL of the server, any database of it. */
  adminUrl: string;
  /** Name of the demo's database, [a-z_][a-z0-9_]*, at most 50 characters. */
  name: string;
  reader: Reader;
  /** Utilities keep GSAN in LATIN1; default UTF8. */
  encoding?: "UTF8" | "LATIN1";
  onProgress?: (progress: DemoBaseProgress) => void;
  /** Runs the replacement of the old base by the new one: stop what reads it, `await swap()`, begin anew. */
  aroundSwap?: (swap: () => Promise<void>) => Promise<void>;
};

export type DemoBase = {
  /** Superuser URL of the base: for what acts as GSAN (pay, close-month, reverse). */
  url: string;
  /** Read-only URL: for the platform. */
  readerUrl: string;
  properties: number;
  seed: number;
  referenceDate: string;
  /** Whether this call built it. */
  built: boolean;
};

/** Comment of a finished base; a database without it is never dropped. */
const MARK = "aqueduto demo base ";
/** Serializes builders of one server: an arbitrary number of our own. */
const BUILD_LOCK = 7_236_002;

/**
 * The demo base: the one that is there when it is finished, else a new one. It is built under the name
 * `<name>_building` and renamed when complete, so a build that was killed is simply begun again.
 * @throws AppError conflict when a database of that name exists that no demo made, invalid-field for impossible numbers
 */
export function createDemoBase(options: DemoBaseOptions): Promise<DemoBase> {
  return withAdmin(options, async (admin) => {
    await finishRename(admin, options.name);
    const mark = await readMark(admin, options.name);
    if (mark !== undefined) {
      await connectedTo(options.adminUrl, options.name, (client) => grantReader(client, options.reader));
      return describe(options, mark, false);
    }
    return build(admin, options);
  });
}

/** Builds the base anew and puts it in the place of the old one, whose connections are ended. */
export function rebuildDemoBase(options: DemoBaseOptions): Promise<DemoBase> {
  return withAdmin(options, async (admin) => {
    await finishRename(admin, options.name);
    await readMark(admin, options.name);
    return build(admin, options);
  });
}

type Mark = { properties: number; seed: number; referenceDate: string };

async function build(admin: ClientBase, options: DemoBaseOptions): Promise<DemoBase> {
  // numbers out of bounds are refused before anything is made
  planBase(options);
  const report = reporter(options);
  const building = `${options.name}_building`;
  report("create", { propertiesDone: 0, rows: 0 });
  await createEmpty(admin, building, options.encoding ?? "UTF8");
  const { rows } = await connectedTo(options.adminUrl, building, async (client) => {
    await client.query(await readFile(new URL("gsan-schema.sql", import.meta.url), "utf8"));
    const filled = await fillBase(client, {
      ...options,
      onProgress: (progress) => report(progress.step, progress),
    });
    report("grants", { propertiesDone: options.properties, rows: filled.rows });
    await grantReader(client, options.reader);
    return filled;
  });
  const mark: Mark = { properties: options.properties, seed: options.seed, referenceDate: options.referenceDate };
  await admin.query(`REVOKE ALL ON DATABASE ${building} FROM PUBLIC`);
  await admin.query(`GRANT CONNECT ON DATABASE ${building} TO ${pg.escapeIdentifier(options.reader.role)}`);
  report("swap", { propertiesDone: options.properties, rows });
  await admin.query(`COMMENT ON DATABASE ${building} IS ${pg.escapeLiteral(MARK + JSON.stringify(mark))}`);
  const swap = async (): Promise<void> => {
    await admin.query(`DROP DATABASE IF EXISTS ${options.name} WITH (FORCE)`);
    await admin.query(`ALTER DATABASE ${building} RENAME TO ${options.name}`);
  };
  await (options.aroundSwap === undefined ? swap() : options.aroundSwap(swap));
  report("ready", { propertiesDone: options.properties, rows });
  return describe(options, mark, true);
}

async function createEmpty(admin: ClientBase, name: string, encoding: string): Promise<void> {
  await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await admin.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING '${encoding}' LOCALE 'C'`);
}

/** A build that was killed between its end and the renaming is complete: only the name is missing. */
async function finishRename(admin: ClientBase, name: string): Promise<void> {
  const building = `${name}_building`;
  const { comment } = await readComment(admin, building);
  const { exists } = await readComment(admin, name);
  if (!exists && comment?.startsWith(MARK) === true) {
    await admin.query(`ALTER DATABASE ${building} RENAME TO ${name}`);
  }
}

async function readMark(admin: ClientBase, name: string): Promise<Mark | undefined> {
  const { exists, comment } = await readComment(admin, name);
  if (!exists) {
    return undefined;
  }
  if (comment?.startsWith(MARK) !== true) {
    throw new AppError("conflict", `database ${name} exists and is not a demo base; it is left alone`);
  }
  return parseMark(comment.slice(MARK.length));
}

/** The mark is written by `build` alone, behind a prefix of ours. */
function parseMark(json: string): Mark {
  return JSON.parse(json) as Mark;
}

async function readComment(admin: ClientBase, name: string): Promise<{ exists: boolean; comment: string | null }> {
  const { rows } = await admin.query<{ comment: string | null }>(
    "SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1",
    [name],
  );
  return { exists: rows.length > 0, comment: rows[0]?.comment ?? null };
}

function describe(options: DemoBaseOptions, mark: Mark, built: boolean): DemoBase {
  const url = databaseUrl(options.adminUrl, options.name);
  const readerUrl = new URL(url);
  readerUrl.username = encodeURIComponent(options.reader.role);
  readerUrl.password = encodeURIComponent(options.reader.password);
  return { url, readerUrl: readerUrl.href, ...mark, built };
}

function databaseUrl(adminUrl: string, name: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

type Counts = { propertiesDone: number; rows: number };

function reporter(options: DemoBaseOptions): (step: string, counts: Counts) => void {
  const started = performance.now();
  return (step, counts) => {
    const seconds = Math.round(performance.now() - started) / 1000;
    options.onProgress?.({
      step,
      properties_done: counts.propertiesDone,
      properties: options.properties,
      rows: counts.rows,
      seconds,
      rows_per_second: seconds === 0 ? 0 : Math.round(counts.rows / seconds),
      done: step === "ready",
    });
  };
}

async function withAdmin<T>(options: DemoBaseOptions, work: (admin: ClientBase) => Promise<T>): Promise<T> {
  if (!/^[a-z_][a-z0-9_]{0,49}$/.test(options.name)) {
    throw new RangeError("the name of the demo base is made of a-z, 0-9 and _, at most 50 characters");
  }
  const admin = new pg.Client({ connectionString: options.adminUrl, application_name: "aqueduto-demo-base" });
  // it waits for the other connection most of the time: its loss would end the process
  admin.on("error", () => undefined);
  await admin.connect();
  try {
    await admin.query("SELECT pg_advisory_lock($1)", [BUILD_LOCK]);
    return await work(admin);
  } finally {
    await admin.end();
  }
}

async function connectedTo<T>(adminUrl: string, name: string, work: (client: ClientBase) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl(adminUrl, name), application_name: "aqueduto-demo-base" });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
