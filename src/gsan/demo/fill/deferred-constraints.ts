import pg from "pg";
import type { ClientBase } from "pg";

/** Something that the load drops first and builds again at the end: a foreign key or an index that no rule owns. */
type Definition = { drop: string; create: string };

const SCHEMAS = ["cadastro", "faturamento", "arrecadacao", "cobranca", "atendimentopublico", "micromedicao"];

/**
 * Runs `work` without foreign keys and plain indexes, then builds them again as pg_restore does: PostgreSQL checks
 * every reference in one pass per key instead of one look-up per row. Throws when a reference is broken.
 */
export async function withDeferredConstraints<T>(
  client: ClientBase,
  steps: { work: () => Promise<T>; beforeRebuild: () => void },
): Promise<T> {
  const foreignKeys = await readForeignKeys(client);
  const indexes = await readIndexes(client);
  await runAll(
    client,
    [...foreignKeys, ...indexes].map(({ drop }) => drop),
  );
  const result = await steps.work();
  steps.beforeRebuild();
  await runAll(
    client,
    [...indexes, ...foreignKeys].map(({ create }) => create),
  );
  return result;
}

/** One message and one transaction for many statements: one commit instead of a hundred. */
async function runAll(client: ClientBase, statements: readonly string[]): Promise<void> {
  await client.query(statements.join(";\n"));
}

async function readForeignKeys(client: ClientBase): Promise<Definition[]> {
  const { rows } = await client.query<{ tab: string; name: string; definition: string }>(
    `SELECT c.conrelid::regclass::text AS tab, c.conname AS name, pg_get_constraintdef(c.oid) AS definition
     FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
     WHERE c.contype = 'f' AND n.nspname = ANY ($1) ORDER BY 1, 2`,
    [SCHEMAS],
  );
  return rows.map(({ tab, name, definition }) => {
    const constraint = pg.escapeIdentifier(name);
    return {
      drop: `ALTER TABLE ${tab} DROP CONSTRAINT ${constraint}`,
      create: `ALTER TABLE ${tab} ADD CONSTRAINT ${constraint} ${definition}`,
    };
  });
}

async function readIndexes(client: ClientBase): Promise<Definition[]> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
     FROM pg_index i JOIN pg_class k ON k.oid = i.indexrelid JOIN pg_namespace n ON n.oid = k.relnamespace
     WHERE n.nspname = ANY ($1) AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
     ORDER BY 1`,
    [SCHEMAS],
  );
  return rows.map(({ name, definition }) => ({ drop: `DROP INDEX ${name}`, create: definition }));
}
