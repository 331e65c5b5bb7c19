-- Requests with an Idempotency-Key, so that a repetition gets the reply of the first and changes nothing.

CREATE TABLE aqueduto.request (
  tenant_id    text NOT NULL REFERENCES aqueduto.tenant,
  -- SHA-256 of actor, route and the caller's key: whatever the key holds is not kept
  slot         bytea NOT NULL CHECK (octet_length(slot) = 32),
  -- SHA-256 of parameters, query and body: the same key with another request is refused
  input_hash   bytea NOT NULL CHECK (octet_length(input_hash) = 32),
  request_id   text NOT NULL,
  -- running: nothing is changed yet; changed: set inside the transaction of the change; done: the reply is here
  state        text NOT NULL CHECK (state IN ('running', 'changed', 'done')),
  status       integer,
  -- JSON of the reply without what is shown once; sealed with the data key, context request.reply:<request_id>
  reply_sealed bytea,
  started_at   timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  CHECK ((state = 'done') = (reply_sealed IS NOT NULL AND status IS NOT NULL)),
  PRIMARY KEY (tenant_id, slot)
);
CREATE INDEX request_expires ON aqueduto.request (expires_at);
SELECT aqueduto.protect_tenant_table('aqueduto.request');
GRANT SELECT, INSERT, UPDATE, DELETE ON aqueduto.request TO aqueduto_app;

-- The keys of license references and of the hashes that find a person's calls: not the data key, so that both outlive its rotation.
ALTER TABLE aqueduto.key_check DROP CONSTRAINT key_check_purpose_check;
ALTER TABLE aqueduto.key_check ADD CONSTRAINT key_check_purpose_check CHECK (purpose IN ('pepper', 'data', 'reference', 'subject'));
-- next: every node reads it before the first of them uses it
ALTER TABLE aqueduto.key_check DROP CONSTRAINT key_check_state_check;
ALTER TABLE aqueduto.key_check ADD CONSTRAINT key_check_state_check CHECK (state IN ('next', 'live', 'old', 'ended'));
-- an old pepper ends at this instant at the latest; the accesses still on it were listed and told before
ALTER TABLE aqueduto.key_check ADD COLUMN ends_at timestamptz CHECK (ends_at IS NULL OR purpose = 'pepper');
ALTER TABLE aqueduto.key_check ADD COLUMN ended_at timestamptz;
-- whose operator asked for it: entries about it go to this tenant's admin log
ALTER TABLE aqueduto.key_check ADD COLUMN asked_by text REFERENCES aqueduto.tenant;
CREATE UNIQUE INDEX key_check_one_live ON aqueduto.key_check (purpose) WHERE state = 'live';
-- at most two peppers answer at a time
CREATE UNIQUE INDEX key_check_two_peppers ON aqueduto.key_check (purpose) WHERE state IN ('next', 'old') AND purpose = 'pepper';

-- rows still under a key, found without reading all of them
CREATE INDEX token_pepper ON aqueduto.token (pepper_id) WHERE state <> 'ended';
CREATE INDEX api_key_pepper ON aqueduto.api_key (pepper_id) WHERE state = 'active';
