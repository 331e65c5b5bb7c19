/** Which room may import which: the arrows of docs/architecture.md, in one table. */
export const rooms = {
  contract: [],
  platform: ["contract"],
  db: ["contract", "platform"],
  audit: ["contract", "platform", "db"],
  control: ["contract", "platform", "db", "audit"],
  admin: ["contract", "platform", "db", "audit", "control"],
  gateway: ["contract", "platform", "db", "audit"],
  webhooks: ["contract", "platform", "db", "audit"],
  gsan: ["contract", "platform", "db", "audit"],
  "gsan/demo": ["contract", "platform", "db", "audit", "gsan", "control"],
  cli: ["contract", "platform"],
  console: ["contract"],
};

/** The gateway reads the store in its snapshot loader alone. */
export const databaseReaders = { gateway: /^src\/gateway\/(snapshot-loader|node-row|limits\/limit-rows|policy-listener|start-gateway)/ };

/** The room of a path relative to the repository root; undefined outside src. main.ts belongs to no room. */
export function roomOf(path) {
  const parts = path.split("/");
  if (parts[0] !== "src" || parts.length < 3) return undefined;
  if (parts[1] === "gsan" && parts[2] === "demo") return "gsan/demo";
  return parts[1];
}

/** Why this import is refused; undefined when it is allowed. */
export function refusal(fromPath, toPath) {
  const from = roomOf(fromPath);
  const to = roomOf(toPath);
  if (fromPath === "src/main.ts" || from === undefined) return undefined;
  if (toPath === "src/main.ts") return from === "cli" ? undefined : "only the command may start the composition root";
  if (to === undefined) return `${from} imports ${toPath}, which is outside the rooms`;
  if (from === to) return undefined;
  if (!rooms[from]) return `${from} is not a room of the house`;
  if (!rooms[from].includes(to)) return `${from} must not import ${to}`;
  if (to === "db" && databaseReaders[from] && !databaseReaders[from].test(fromPath))
    return `in ${from} only the snapshot loader reads the store`;
  return undefined;
}
