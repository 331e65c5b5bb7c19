-- The life of accesses, clients and partners after they were made; tokens that clients make themselves and where tokens
-- were last used; kill switches; proof of revocations; which policy tables changed with which epoch.

ALTER TABLE aqueduto.access
  -- who disabled or revoked it: what the utility disabled, its partner cannot enable
  ADD COLUMN disabled_by text CHECK (disabled_by IN ('utility', 'partner')),
  -- second factors that are stored and not yet enforced by the gateway, so neither counts as the only one
  ADD COLUMN certificate_sha256 bytea CHECK (octet_length(certificate_sha256) = 32),
  -- Ed25519 public key of RFC 9421 request signatures, raw
  ADD COLUMN signature_key bytea CHECK (octet_length(signature_key) = 32),
  -- epoch of the row's last change: the gateway loads what is newer than what it has
  ADD COLUMN changed_epoch bigint NOT NULL DEFAULT 0;
CREATE INDEX access_changed ON aqueduto.access (changed_epoch);
CREATE INDEX access_license ON aqueduto.access (tenant_id, license_id);

ALTER TABLE aqueduto.token
  -- the client made the value and registered its SHA-256 alone; the hint is then of that hash
  ADD COLUMN own boolean NOT NULL DEFAULT false,
  -- of such a hash, under a key that is not rotated: refused for good, also when the pepper of its digest has ended
  ADD COLUMN value_mark bytea CHECK (octet_length(value_mark) = 32),
  ADD COLUMN changed_epoch bigint NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX token_value_mark ON aqueduto.token (value_mark) WHERE value_mark IS NOT NULL;
CREATE INDEX token_changed ON aqueduto.token (changed_epoch);
CREATE INDEX token_access ON aqueduto.token (tenant_id, access_id, token_id);

ALTER TABLE aqueduto.client
  ADD COLUMN disabled_by text CHECK (disabled_by IN ('utility', 'partner')),
  ADD COLUMN changed_epoch bigint NOT NULL DEFAULT 0;
CREATE INDEX client_changed ON aqueduto.client (changed_epoch);
CREATE INDEX client_partner ON aqueduto.client (tenant_id, partner_id);

-- Whether a digest (under the peppers there are) or a mark (under none) stands for any token or key of any tenant, ended ones
-- too. Answers yes or no and nothing else.
CREATE FUNCTION aqueduto.digest_known(digests bytea[], mark bytea) RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog SET aqueduto.tenant = '*' AS $$
  SELECT EXISTS (SELECT FROM aqueduto.token WHERE digest = ANY (digests))
      OR EXISTS (SELECT FROM aqueduto.token WHERE value_mark = mark)
      OR EXISTS (SELECT FROM aqueduto.api_key WHERE digest = ANY (digests))
$$;
REVOKE EXECUTE ON FUNCTION aqueduto.digest_known(bytea[], bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION aqueduto.digest_known(bytea[], bytea) TO aqueduto_app;

-- tries to register a token's hash: at most five an hour for an access, whatever came of them
CREATE TABLE aqueduto.token_registration_try (
  tenant_id   text NOT NULL,
  access_id   text NOT NULL,
  try_id      text NOT NULL,
  at          timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, access_id, try_id),
  FOREIGN KEY (tenant_id, access_id) REFERENCES aqueduto.access
);
SELECT aqueduto.protect_tenant_table('aqueduto.token_registration_try');

-- Where a token was last used, per operation; gathered from access_entry in batches, so some seconds behind.
CREATE TABLE aqueduto.token_use (
  tenant_id    text NOT NULL,
  token_id     text NOT NULL,
  -- empty: no operation was recognised
  operation_id text NOT NULL,
  calls        bigint NOT NULL CHECK (calls > 0),
  first_at     timestamptz NOT NULL,
  last_at      timestamptz NOT NULL,
  last_status  integer NOT NULL,
  -- the entry of the last call; its address and user agent stay sealed to that entry
  entry_id     text NOT NULL,
  ip_sealed    bytea,
  agent_sealed bytea,
  PRIMARY KEY (tenant_id, token_id, operation_id),
  FOREIGN KEY (tenant_id, token_id) REFERENCES aqueduto.token
);
SELECT aqueduto.protect_tenant_table('aqueduto.token_use');

-- how far token_use has read each journal; moves in the transaction that adds what was read
CREATE TABLE aqueduto.token_use_mark (
  journal_id text PRIMARY KEY REFERENCES aqueduto.journal,
  counter    bigint NOT NULL CHECK (counter >= 0)
);

-- Off at once, undoable. In force while undone_at is null.
CREATE TABLE aqueduto.kill_switch (
  tenant_id      text NOT NULL REFERENCES aqueduto.tenant,
  switch_id      text NOT NULL,
  level          text NOT NULL CHECK (level IN ('token', 'access', 'license', 'partner', 'service', 'all')),
  -- empty for all
  target_id      text NOT NULL CHECK ((level = 'all') = (target_id = '')),
  reason         text NOT NULL,
  set_at         timestamptz NOT NULL,
  set_by_kind    text NOT NULL,
  set_by         text NOT NULL,
  undone_at      timestamptz,
  undone_by_kind text,
  undone_by      text,
  undone_reason  text,
  CHECK ((undone_at IS NULL) = (undone_by IS NULL AND undone_by_kind IS NULL AND undone_reason IS NULL)),
  PRIMARY KEY (tenant_id, switch_id)
);
CREATE UNIQUE INDEX kill_switch_on ON aqueduto.kill_switch (tenant_id, level, target_id) WHERE undone_at IS NULL;
SELECT aqueduto.protect_tenant_table('aqueduto.kill_switch');

-- A change that takes something away, and the proof that it did: committed until every node acts on its epoch.
CREATE TABLE aqueduto.revocation (
  tenant_id     text NOT NULL REFERENCES aqueduto.tenant,
  revocation_id text NOT NULL,
  -- the admin log's action
  what          text NOT NULL,
  target_kind   text NOT NULL,
  target_id     text NOT NULL,
  -- whose it is; null: of the utility alone
  partner_id    text,
  epoch         bigint NOT NULL,
  requested_at  timestamptz NOT NULL,
  state         text NOT NULL DEFAULT 'committed' CHECK (state IN ('committed', 'in_force')),
  -- [{node_id, epoch, milliseconds, in_force, latest?}]
  nodes         jsonb NOT NULL DEFAULT '[]',
  in_force_at   timestamptz,
  CHECK ((state = 'in_force') = (in_force_at IS NOT NULL)),
  PRIMARY KEY (tenant_id, revocation_id)
);
CREATE INDEX revocation_open ON aqueduto.revocation (requested_at) WHERE state = 'committed';
SELECT aqueduto.protect_tenant_table('aqueduto.revocation');

-- The newest epoch in which each policy table changed, so that a node reads again only what did. `deleted rows` stands for
-- rows that the owner took out of tables whose changed rows are read alone: nodes read everything anew then.
CREATE TABLE aqueduto.policy_table_epoch (
  table_name text PRIMARY KEY,
  epoch      bigint NOT NULL
);

CREATE OR REPLACE FUNCTION aqueduto.bump_policy_epoch() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE e bigint;
BEGIN
  UPDATE aqueduto.policy_epoch SET epoch = epoch + 1 RETURNING epoch INTO e;
  INSERT INTO aqueduto.policy_table_epoch VALUES (TG_TABLE_NAME, e) ON CONFLICT (table_name) DO UPDATE SET epoch = excluded.epoch;
  IF TG_OP = 'TRUNCATE' OR TG_OP = 'DELETE' AND TG_TABLE_NAME IN ('client', 'access', 'token') THEN
    INSERT INTO aqueduto.policy_table_epoch VALUES ('deleted rows', e) ON CONFLICT (table_name) DO UPDATE SET epoch = excluded.epoch;
  END IF;
  PERFORM pg_notify('aqueduto_policy', e::text);
  RETURN NULL;
END $$;

-- Stamps a row with the epoch of its statement, which the statement trigger has moved, and with it locked, before.
CREATE FUNCTION aqueduto.stamp_changed_epoch() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  SELECT p.epoch INTO STRICT NEW.changed_epoch FROM aqueduto.policy_epoch p;
  RETURN NEW;
END $$;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['client', 'access', 'token'] LOOP
    EXECUTE format('DROP TRIGGER policy_epoch ON aqueduto.%I', t);
    EXECUTE format('CREATE TRIGGER policy_epoch BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON aqueduto.%I
                    FOR EACH STATEMENT EXECUTE FUNCTION aqueduto.bump_policy_epoch()', t);
    EXECUTE format('CREATE TRIGGER changed_epoch BEFORE INSERT OR UPDATE ON aqueduto.%I
                    FOR EACH ROW EXECUTE FUNCTION aqueduto.stamp_changed_epoch()', t);
  END LOOP;
END $$;

-- The newest epoch in which a license, its operations or its objects changed, deleted rows too: nodes compile those anew.
CREATE TABLE aqueduto.license_changed (
  tenant_id  text NOT NULL,
  license_id text NOT NULL,
  epoch      bigint NOT NULL,
  PRIMARY KEY (tenant_id, license_id)
);
SELECT aqueduto.protect_tenant_table('aqueduto.license_changed');
CREATE INDEX license_changed_epoch ON aqueduto.license_changed (epoch);

-- as stamp_changed_epoch, for what has no row of its own any more
CREATE FUNCTION aqueduto.note_changed_license() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  r record := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  INSERT INTO aqueduto.license_changed SELECT r.tenant_id, r.license_id, p.epoch FROM aqueduto.policy_epoch p
    ON CONFLICT (tenant_id, license_id) DO UPDATE SET epoch = excluded.epoch;
  RETURN NULL;
END $$;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['license', 'license_operation', 'license_object'] LOOP
    EXECUTE format('DROP TRIGGER policy_epoch ON aqueduto.%I', t);
    EXECUTE format('CREATE TRIGGER policy_epoch BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON aqueduto.%I
                    FOR EACH STATEMENT EXECUTE FUNCTION aqueduto.bump_policy_epoch()', t);
    EXECUTE format('CREATE TRIGGER changed_license AFTER INSERT OR UPDATE OR DELETE ON aqueduto.%I
                    FOR EACH ROW EXECUTE FUNCTION aqueduto.note_changed_license()', t);
  END LOOP;
END $$;

CREATE TRIGGER policy_epoch AFTER INSERT OR UPDATE OR DELETE ON aqueduto.kill_switch
  FOR EACH STATEMENT EXECUTE FUNCTION aqueduto.bump_policy_epoch();

GRANT SELECT ON aqueduto.policy_table_epoch, aqueduto.license_changed TO aqueduto_app;
GRANT SELECT, INSERT, DELETE ON aqueduto.token_registration_try TO aqueduto_app;
GRANT SELECT, INSERT, UPDATE ON aqueduto.token_use, aqueduto.token_use_mark TO aqueduto_app;
GRANT SELECT, INSERT ON aqueduto.kill_switch, aqueduto.revocation TO aqueduto_app;
GRANT UPDATE (undone_at, undone_by_kind, undone_by, undone_reason) ON aqueduto.kill_switch TO aqueduto_app;
GRANT UPDATE (state, nodes, in_force_at) ON aqueduto.revocation TO aqueduto_app;
