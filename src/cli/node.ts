import type { Command } from "commander";
import type { NodeRevoke, NodeRevoked } from "../contract/node-revoke.ts";
import { loadConfig } from "../platform/config.ts";
import { errorCode } from "../platform/error-code.ts";
import { askLocalSocket, localSocketPath } from "../platform/local-socket.ts";
import { CommandError } from "./failure.ts";
import { show } from "./output.ts";

/** `aqueduto node …`: what the node of this machine does by itself, without its store and without the admin API. */
export function addNode(program: Command): void {
  const node = program
    .command("node")
    .description("the node of this machine, also while its store is away: revoke")
    .addHelpText("after", "\nExample:\n  aqueduto node revoke tok_01j8…");
  node
    .command("revoke")
    .description("end a token on this node at once, also while the store is away; on all others once the store has it")
    .argument("[token-id]", "id of the token")
    .option("--access <id>", "all tokens of this access instead")
    .addHelpText(
      "after",
      "\nAQUEDUTO_DATA names the node's data directory; this user must be the node's own.\nExamples:\n  aqueduto node revoke tok_01j8…\n  aqueduto node revoke --access acc_01j8…",
    )
    .action(revoke);
}

async function revoke(tokenId: string | undefined, { access }: { access?: string }, command: Command): Promise<void> {
  const done = await askNode(askedOf(tokenId, access));
  show(command, done, () => [
    ...done.token_ids.map((id) => `${id} is refused by ${done.node_id} since ${done.requested_at}`),
    "other nodes follow once the store has this node's journal (aqueduto token show tells)",
  ]);
}

function askedOf(tokenId: string | undefined, access: string | undefined): NodeRevoke {
  if (tokenId !== undefined && access === undefined) return { token_id: tokenId };
  if (tokenId === undefined && access !== undefined) return { access_id: access };
  throw new CommandError("give a token's id, or --access with the id of an access", { usage: true });
}

async function askNode(asked: NodeRevoke): Promise<NodeRevoked> {
  const path = localSocketPath(loadConfig().dataDir);
  try {
    return (await askLocalSocket(path, asked)) as NodeRevoked;
  } catch (cause) {
    if (!["ENOENT", "ECONNREFUSED", "EACCES"].includes(errorCode(cause) ?? "")) throw cause;
    throw new CommandError(`no node answers at ${path}; is it running there, and does this user own it? Nothing was revoked`, { cause });
  }
}
