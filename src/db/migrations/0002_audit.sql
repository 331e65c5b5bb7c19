-- The two logs of the audit: admin (written in the transaction of the change) and access (journal of a node -> batch).
-- Rows are only ever added. The tree is built beside them: leaves name log and entry_id, never change an entry.

-- Refuses for every role, the owner included; grants alone would not bind the owner.
CREATE FUNCTION aqueduto.refuse_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION '% on %.% refused: append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

-- ENABLE ALWAYS: session_replication_role cannot switch it off
CREATE FUNCTION aqueduto.make_append_only(tab regclass) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
  EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s
                  FOR EACH STATEMENT EXECUTE FUNCTION aqueduto.refuse_change()', tab);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only', tab);
END $$;

CREATE TABLE aqueduto.admin_entry (
  tenant_id   text NOT NULL,
  -- sorts by the time it was made
  entry_id    text NOT NULL,
  at          timestamptz NOT NULL DEFAULT now(),
  actor_kind  text NOT NULL CHECK (actor_kind IN ('key', 'user', 'system', 'access')),
  actor_id    text NOT NULL,
  -- closed catalogue: src/contract/audit-actions.ts
  action      text NOT NULL CHECK (action ~ '^[a-z_]+\.[a-z_]+$'),
  target_kind text NOT NULL,
  target_id   text NOT NULL,
  request_id  text NOT NULL,
  -- SHA-256 of the canonical JSON (RFC 8785) of what was changed
  before_hash bytea CHECK (octet_length(before_hash) = 32),
  after_hash  bytea CHECK (octet_length(after_hash) = 32),
  -- ids, codes and numbers that explain the change; never data of a person or a secret
  detail      jsonb,
  PRIMARY KEY (tenant_id, entry_id)
);
CREATE INDEX admin_entry_target ON aqueduto.admin_entry (tenant_id, target_kind, target_id, entry_id DESC);
CREATE INDEX admin_entry_request ON aqueduto.admin_entry (request_id);
CREATE INDEX admin_entry_id ON aqueduto.admin_entry (entry_id);
SELECT aqueduto.protect_tenant_table('aqueduto.admin_entry');
SELECT aqueduto.make_append_only('aqueduto.admin_entry');

-- An append-only file of one run of a node. shipped_counter moves in the transaction that inserts the entries.
CREATE TABLE aqueduto.journal (
  journal_id      text PRIMARY KEY,
  node_id         text NOT NULL,
  opened_at       timestamptz NOT NULL,
  -- entries 1..shipped_counter are in access_entry
  shipped_counter bigint NOT NULL DEFAULT 0 CHECK (shipped_counter >= 0),
  -- the last counter the journal had when it ended
  closed_counter  bigint CHECK (closed_counter = shipped_counter),
  closed_at       timestamptz,
  -- the process ended without its closing line
  recovered       boolean NOT NULL DEFAULT false,
  CHECK ((closed_counter IS NULL) = (closed_at IS NULL))
);
CREATE INDEX journal_open ON aqueduto.journal (node_id) WHERE closed_at IS NULL;

CREATE FUNCTION aqueduto.journal_forward_only() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
  IF NEW.shipped_counter < OLD.shipped_counter OR OLD.closed_at IS NOT NULL
     OR (NEW.journal_id, NEW.node_id, NEW.opened_at) IS DISTINCT FROM (OLD.journal_id, OLD.node_id, OLD.opened_at) THEN
    RAISE EXCEPTION 'journal % only moves forward', OLD.journal_id USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER forward_only BEFORE UPDATE ON aqueduto.journal
  FOR EACH ROW EXECUTE FUNCTION aqueduto.journal_forward_only();
ALTER TABLE aqueduto.journal ENABLE ALWAYS TRIGGER forward_only;

-- One record of the gateway: src/contract/access-record.ts. Partitioned by month (UTC): retention drops a month.
CREATE TABLE aqueduto.access_entry (
  journal_id  text NOT NULL,
  counter     bigint NOT NULL CHECK (counter > 0),
  at          timestamptz NOT NULL,
  entry_id    text NOT NULL,
  phase       text NOT NULL CHECK (phase IN ('answer', 'intent', 'completion', 'aggregate')),
  -- null: the caller was not recognised
  tenant_id   text,
  partner_id  text,
  license_id  text,
  license_version integer,
  client_id   text,
  access_id   text,
  token_id    text,
  operation_id text,
  method      text NOT NULL,
  -- path template, never the path as called
  route       text NOT NULL,
  -- 0: no answer yet
  status      integer NOT NULL CHECK (status = 0 OR status BETWEEN 100 AND 599),
  code        text NOT NULL,
  clause      text,
  request_id  text NOT NULL,
  bytes       bigint,
  duration_ms bigint,
  count       bigint,
  network     text,
  -- sealed with the data key; destroying the key erases them
  ip_sealed   bytea,
  agent_sealed bytea,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (journal_id, counter, at)
) PARTITION BY RANGE (at);
CREATE INDEX access_entry_newest ON aqueduto.access_entry (tenant_id, at DESC, entry_id DESC);
CREATE INDEX access_entry_license ON aqueduto.access_entry (tenant_id, license_id, at DESC, entry_id DESC);
CREATE INDEX access_entry_request ON aqueduto.access_entry (request_id);
CREATE INDEX access_entry_id ON aqueduto.access_entry (entry_id);

-- A row without tenant is nobody's: only the platform's own work sees or writes it.
CREATE FUNCTION aqueduto.protect_access_table(tab regclass) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', tab);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', tab);
  EXECUTE format($p$CREATE POLICY tenant ON %s USING (CASE WHEN tenant_id IS NULL
    THEN current_setting('aqueduto.tenant', true) = '*' ELSE aqueduto.tenant_visible(tenant_id) END)$p$, tab);
END $$;
SELECT aqueduto.protect_access_table('aqueduto.access_entry');
SELECT aqueduto.make_append_only('aqueduto.access_entry');

-- Makes the partitions for the month of p_at and the two after it; those that exist are left alone.
-- A definer function because the app role may not create tables. Attach instead of CREATE ... PARTITION OF: the
-- latter would lock out every reader and writer of the log.
CREATE FUNCTION aqueduto.ensure_access_partitions(p_at timestamptz) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC' AS $$
DECLARE
  first_month timestamptz := date_trunc('month', p_at);
  month timestamptz;
  part text;
BEGIN
  IF p_at < '2020-01-01' OR p_at >= '2100-01-01' OR p_at IS NULL THEN
    RAISE EXCEPTION 'no partition for this time' USING ERRCODE = 'datetime_field_overflow';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('aqueduto.access_entry', 0));
  FOR i IN 0..2 LOOP
    month := first_month + make_interval(months => i);
    part := format('aqueduto.access_entry_%s', to_char(month, 'YYYY_MM'));
    CONTINUE WHEN to_regclass(part) IS NOT NULL;
    EXECUTE format('CREATE TABLE %s (LIKE aqueduto.access_entry INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
    PERFORM aqueduto.protect_access_table(part::regclass);
    PERFORM aqueduto.make_append_only(part::regclass);
    EXECUTE format('ALTER TABLE aqueduto.access_entry ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
                   part, month, month + interval '1 month');
  END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION aqueduto.ensure_access_partitions(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION aqueduto.ensure_access_partitions(timestamptz) TO aqueduto_app;

GRANT SELECT, INSERT ON aqueduto.admin_entry, aqueduto.access_entry, aqueduto.journal TO aqueduto_app;
GRANT UPDATE (shipped_counter, closed_counter, closed_at, recovered) ON aqueduto.journal TO aqueduto_app;
-- the sequencer reads entries and writes leaves; the reader (auditor) reads; the eraser says what it erased
GRANT SELECT ON aqueduto.admin_entry, aqueduto.access_entry, aqueduto.journal TO aqueduto_sequencer, aqueduto_reader;
GRANT SELECT, INSERT ON aqueduto.admin_entry TO aqueduto_eraser;
