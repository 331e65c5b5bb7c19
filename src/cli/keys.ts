import { readFile, stat } from "node:fs/promises";
import type { Command } from "commander";
import { loadConfig } from "../platform/config.ts";
import { openBackup, readKeyFiles, restoreKeyFiles, sealBackup, strayKeys } from "../platform/key-backup.ts";
import { writePrivateFile } from "../platform/write-private-file.ts";
import { keyFaults } from "./check-key-files.ts";
import { connect } from "./connect.ts";
import { everyPage } from "./every-page.ts";
import { CommandError } from "./failure.ts";
import { oneOf } from "./one-of.ts";
import { show, table } from "./output.ts";
import { askPassphrase } from "./passphrase.ts";

type PassphraseOption = { passphraseFile?: string };

/** `aqueduto keys …`: the keys that the installation stands on. */
export function addKeys(program: Command): void {
  const keys = program
    .command("keys")
    .description("keys of the installation: list, rotate, end, accesses, verify, backup, restore")
    .addHelpText("after", "\nExample:\n  aqueduto keys list");
  addRotation(keys);
  addFiles(keys);
}

function addRotation(keys: Command): void {
  keys
    .command("list")
    .description("list the keys, their state, and how many rows need each")
    .addHelpText("after", "\nExample:\n  aqueduto keys list")
    .action((_options: object, command: Command) => list(command));
  keys
    .command("rotate")
    .description("make a new pepper or data key; it goes live within seconds, rows follow in the background")
    .argument("<purpose>", "pepper or data")
    .requiredOption("--reason <text>", "why, for the audit")
    .addHelpText("after", "\nExample:\n  aqueduto keys rotate data --reason 'yearly rotation'")
    .action((purpose: string, options: { reason: string }, command: Command) => rotate(purpose, options.reason, command));
  keys
    .command("accesses")
    .description("list tokens that still stand under a pepper")
    .argument("<kid>", "id of the pepper")
    .addHelpText("after", "\nExample:\n  aqueduto keys accesses 1f2e3d4c")
    .action((kid: string, _options: object, command: Command) => accesses(kid, command));
  keys
    .command("end")
    .description("set when an old pepper ends; the accesses still on it get a notice")
    .argument("<kid>", "id of the pepper")
    .requiredOption("--at <instant>", "RFC 3339, at least 24 hours ahead")
    .requiredOption("--reason <text>", "why, for the audit")
    .addHelpText("after", "\nExample:\n  aqueduto keys end 1f2e3d4c --at 2027-02-01T00:00:00-03:00 --reason 'rotation finished'")
    .action((kid: string, options: { at: string; reason: string }, command: Command) => end(kid, options, command));
}

function addFiles(keys: Command): void {
  keys
    .command("verify")
    .description("check the key files of this machine against what the database needs, or a backup")
    .option("--backup <file>", "check this backup instead of the key directory")
    .option("--offline", "check the files alone, without the platform")
    .option("--passphrase-file <file>", "file with the backup's passphrase (default: ask)")
    .addHelpText("after", "\nExample:\n  aqueduto keys verify --backup /mnt/safe/keys-2027-01.json")
    .action((options: { backup?: string; offline?: boolean } & PassphraseOption, command: Command) => verify(options, command));
  keys
    .command("backup")
    .description("write the key files into one encrypted file; keep it apart from backups of the database")
    .argument("<file>", "file to write; must not exist")
    .option("--passphrase-file <file>", "file with the passphrase (default: ask)")
    .addHelpText("after", "\nExample:\n  aqueduto keys backup /mnt/safe/keys-2027-01.json")
    .action((file: string, options: PassphraseOption, command: Command) => backup(file, options, command));
  keys
    .command("restore")
    .description("write the key files of a backup into an empty key directory (AQUEDUTO_KEYS)")
    .argument("<file>", "the backup")
    .option("--passphrase-file <file>", "file with the passphrase (default: ask)")
    .addHelpText("after", "\nExample:\n  AQUEDUTO_KEYS=/srv/keys aqueduto keys restore /mnt/safe/keys-2027-01.json")
    .action((file: string, options: PassphraseOption, command: Command) => restore(file, options, command));
}

async function list(command: Command): Promise<void> {
  const client = await connect(command);
  const { keys } = await client.call("GET /v1/keyring");
  show(command, keys, () =>
    table([
      ["KEY", "PURPOSE", "STATE", "ROWS", "CREATED", "ENDS"],
      ...keys.map((key) => [key.kid, key.purpose, key.state, String(key.rows), key.created_at, key.ended_at ?? key.ends_at ?? ""]),
    ]),
  );
}

async function rotate(purpose: string, reason: string, command: Command): Promise<void> {
  const body = { purpose: oneOf(purpose, ["pepper", "data"] as const, "the purpose"), reason };
  const client = await connect(command);
  const made = await client.call("POST /v1/keyring/rotate", { body });
  show(command, made, () => [
    `key ${made.kid} (${made.purpose}) goes live at ${made.live_from}; rows follow in the background (aqueduto keys list)`,
    "Its file is not in any backup yet: run aqueduto keys backup.",
  ]);
}

async function accesses(kid: string, command: Command): Promise<void> {
  const client = await connect(command);
  const items = await everyPage((query) => client.call("GET /v1/keyring/{kid}/accesses", { params: { kid }, query }));
  show(command, items, () =>
    table([
      ["ACCESS", "TOKEN", "CLIENT", "LICENSE", "STATE"],
      ...items.map((one) => [one.access_id, one.token_id, one.client_id, one.license_id, one.state]),
    ]),
  );
}

async function end(kid: string, options: { at: string; reason: string }, command: Command): Promise<void> {
  const client = await connect(command);
  const ending = await client.call("POST /v1/keyring/{kid}/end", {
    params: { kid },
    body: { ends_at: options.at, reason: options.reason },
  });
  show(command, ending, () => [`pepper ${kid} ends at ${ending.ends_at}; ${ending.accesses} accesses of this tenant still stand under it`]);
}

async function verify(options: { backup?: string; offline?: boolean } & PassphraseOption, command: Command): Promise<void> {
  const files = options.backup === undefined ? await readKeyFiles(loadConfig().keysDir) : await readBackup(options.backup, options);
  const needed = options.offline === true ? [] : (await (await connect(command)).call("GET /v1/keyring")).keys;
  const faults = [...keyFaults(files, needed), ...(options.offline === true ? [] : strayKeys(files, needed).map(strayFault))];
  const where = options.backup ?? loadConfig().keysDir;
  show(command, { where, files: [...files.keys()], faults }, () => [
    ...[...files.keys()].map((name) => `ok      ${name}`),
    ...faults.map((fault) => `FAILED  ${fault}`),
    ...(options.offline === true ? ["The files are whole; whether they are what the database needs was not asked."] : []),
  ]);
  if (faults.length > 0) process.exitCode = 1;
}

function strayFault(name: string): string {
  return `${name} is of no key that the database knows: a rotation that did not end, or another installation's; nothing needs it, move it away`;
}

async function backup(file: string, options: PassphraseOption, command: Command): Promise<void> {
  if (await isThere(file)) throw new CommandError(`${file} exists; give the name of a new file`);
  const passphrase = await askPassphrase(options.passphraseFile, { twice: true });
  const files = await readKeyFiles(loadConfig().keysDir);
  const text = await sealBackup(files, passphrase);
  await writePrivateFile(file, text);
  // what cannot be read back is no backup
  const back = await readFile(file, "utf8");
  if (back !== text) throw new CommandError(`${file} does not hold what was written to it`);
  show(command, { file, files: [...files.keys()] }, () => [
    `${files.size} keys in ${file}. Without the passphrase it is of no use to anybody, you included.`,
  ]);
}

async function restore(file: string, options: PassphraseOption, command: Command): Promise<void> {
  const { keysDir } = loadConfig();
  const files = await readBackup(file, options);
  await restoreKeyFiles(keysDir, files);
  show(command, { keysDir, files: [...files.keys()] }, () => [
    `${files.size} keys in ${keysDir}. Next: aqueduto start, then aqueduto keys verify`,
  ]);
}

function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function readBackup(file: string, options: PassphraseOption) {
  return openBackup(await readFile(file, "utf8"), await askPassphrase(options.passphraseFile, { twice: false }));
}
