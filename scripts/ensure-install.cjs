// Runs before npm start and npm test on whatever Node is in PATH (>= 18): brings node_modules in line with the lock file.
// Plain CommonJS, no dependency: it must work in a clone that has nothing yet.
"use strict";
const { spawnSync } = require("node:child_process");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const root = join(__dirname, "..");

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

function fitsHere(entry) {
  const allows = (names, here) => {
    const list = [names ?? []].flat();
    const positive = list.filter((name) => !name.startsWith("!"));
    return (positive.length === 0 || positive.includes(here)) && !list.includes(`!${here}`);
  };
  return allows(entry.os, process.platform) && allows(entry.cpu, process.arch);
}

/** What is wrong with one package of the lock file; undefined when nothing is. */
function fault(path, entry, found) {
  const here = found[path];
  if (here) return here.version === entry.version ? undefined : `${path} is ${here.version}, not ${entry.version}`;
  // optional packages of other platforms are not installed; one made for this platform must be there
  const must = !entry.optional || (fitsHere(entry) && (entry.os || entry.cpu) && !entry.libc);
  return must ? `${path} is missing` : undefined;
}

/** The first reason why what is installed differs from the lock file; undefined when it does not. */
function difference() {
  const wanted = readJson(join(root, "package-lock.json"))?.packages;
  const found = readJson(join(root, "node_modules", ".package-lock.json"))?.packages;
  if (!wanted) return "package-lock.json cannot be read";
  if (!found) return "nothing is installed yet";
  for (const [path, entry] of Object.entries(wanted)) {
    const reason = path === "" || entry.link ? undefined : fault(path, entry, found);
    if (reason) return reason;
  }
  const extra = Object.keys(found).find((path) => !wanted[path]);
  return extra && `${extra} is not in the lock file`;
}

const reason = difference();
if (reason) {
  console.error(`aqueduto: installing what package-lock.json names (${reason})`);
  const npm = process.env.npm_execpath;
  const [command, args] = npm ? [process.execPath, [npm]] : ["npm", []];
  const done = spawnSync(command, [...args, "ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root, stdio: ["ignore", 2, 2] });
  if (done.status !== 0) {
    console.error("aqueduto: npm ci failed; the registry must be reachable once, afterwards no network is needed");
    process.exit(done.status ?? 1);
  }
  const still = difference();
  if (still) console.error(`aqueduto: after npm ci, ${still}`);
}
