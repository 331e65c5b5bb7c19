-- Capture of a GSAN base by polling: which base, which payments were seen, and the proof that none was missed.

-- a GSAN database that payments are captured from
CREATE TABLE aqueduto.gsan_base (
  tenant_id    text NOT NULL REFERENCES aqueduto.tenant,
  base_id      text NOT NULL CHECK (base_id ~ '^[A-Za-z0-9_-]{1,64}$'),
  name         text NOT NULL,
  -- postgres:// URL sealed with the data key, context gsan.url:<base_id>
  url_sealed   bytea NOT NULL,
  mode         text NOT NULL CHECK (mode IN ('live', 'test')),
  -- paused: nothing is read, nothing is lost (the next active pass goes on); retired: final
  state        text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'retired')),
  -- a payment absent from both tables in two looks at least this far apart was reversed
  reversal_delay_ms integer NOT NULL DEFAULT 60000 CHECK (reversal_delay_ms BETWEEN 0 AND 86400000),
  registered_at timestamptz NOT NULL DEFAULT now(),
  -- the baseline walks from the highest id at its first look down; ids from baseline_cursor up are marked
  baseline_top    bigint,
  baseline_cursor bigint,
  baseline_done_at timestamptz,
  overlap_at    timestamptz,
  reconciled_at timestamptz,
  PRIMARY KEY (tenant_id, base_id)
);
SELECT aqueduto.protect_tenant_table('aqueduto.gsan_base');

-- every payment id ever seen, exactly and for ever: bit (id mod 4096) of bucket (id div 4096). 200 million ids are
-- 49,000 rows of 600 bytes, so an id that commits late is known as new however old its number is
CREATE TABLE aqueduto.capture_seen (
  tenant_id    text NOT NULL,
  base_id      text NOT NULL,
  bucket       bigint NOT NULL,
  bits         bit(4096) NOT NULL,
  PRIMARY KEY (tenant_id, base_id, bucket),
  FOREIGN KEY (tenant_id, base_id) REFERENCES aqueduto.gsan_base
) WITH (fillfactor = 50);
-- 516 random bytes do not compress; kept in the row
ALTER TABLE aqueduto.capture_seen ALTER COLUMN bits SET STORAGE PLAIN;
SELECT aqueduto.protect_tenant_table('aqueduto.capture_seen');

-- the payments this platform captured (never the baseline), while they can still change: rows that closed and lie
-- below the reconciliation window are pruned
CREATE TABLE aqueduto.capture_payment (
  tenant_id    text NOT NULL,
  base_id      text NOT NULL,
  pgmt_id      bigint NOT NULL,
  -- held: client unknown, nothing sent yet; sent: in pagamento at the last look; closed: moved to the history,
  -- from where it can still be taken back; reversed: gone from both tables, reversal sent; dropped: gone while held, nothing was ever sent
  state        text NOT NULL CHECK (state IN ('held', 'sent', 'closed', 'reversed', 'dropped')),
  -- as read when first seen: what was or will be sent
  amount       numeric NOT NULL,
  -- aviso_bancario, for the daily reconciliation
  avbc_id      bigint,
  first_seen_at timestamptz NOT NULL,
  -- first of the looks that found it in neither table
  absent_since timestamptz,
  PRIMARY KEY (tenant_id, base_id, pgmt_id),
  FOREIGN KEY (tenant_id, base_id) REFERENCES aqueduto.gsan_base
) WITH (fillfactor = 80);
CREATE INDEX capture_payment_held ON aqueduto.capture_payment (tenant_id, base_id, pgmt_id) WHERE state = 'held';
CREATE INDEX capture_payment_absent ON aqueduto.capture_payment (tenant_id, base_id, pgmt_id) WHERE absent_since IS NOT NULL;
SELECT aqueduto.protect_tenant_table('aqueduto.capture_payment');

-- highest id visible at a moment, noted by a pass that completed: every id taken after that moment lies above it
CREATE TABLE aqueduto.capture_mark (
  tenant_id    text NOT NULL,
  base_id      text NOT NULL,
  noted_at     timestamptz NOT NULL,
  max_id       bigint NOT NULL,
  PRIMARY KEY (tenant_id, base_id, noted_at),
  FOREIGN KEY (tenant_id, base_id) REFERENCES aqueduto.gsan_base
);
SELECT aqueduto.protect_tenant_table('aqueduto.capture_mark');

-- one row per daily reconciliation
CREATE TABLE aqueduto.capture_reconciliation (
  tenant_id    text NOT NULL,
  base_id      text NOT NULL,
  run_at       timestamptz NOT NULL,
  -- ids above this were compared
  from_id      bigint NOT NULL,
  notices      integer NOT NULL,
  -- notices whose count or sum differed, and payments found missing and captured
  differing    integer NOT NULL,
  repaired     integer NOT NULL,
  PRIMARY KEY (tenant_id, base_id, run_at),
  FOREIGN KEY (tenant_id, base_id) REFERENCES aqueduto.gsan_base
);
SELECT aqueduto.protect_tenant_table('aqueduto.capture_reconciliation');

-- the notices of that run whose totals differed, before the repair; avbc_id 0 = payments without a notice
CREATE TABLE aqueduto.capture_difference (
  tenant_id    text NOT NULL,
  base_id      text NOT NULL,
  run_at       timestamptz NOT NULL,
  avbc_id      bigint NOT NULL,
  gsan_count   bigint NOT NULL,
  gsan_sum     numeric NOT NULL,
  seen_count   bigint NOT NULL,
  seen_sum     numeric NOT NULL,
  repaired     integer NOT NULL,
  PRIMARY KEY (tenant_id, base_id, run_at, avbc_id),
  FOREIGN KEY (tenant_id, base_id, run_at) REFERENCES aqueduto.capture_reconciliation
);
SELECT aqueduto.protect_tenant_table('aqueduto.capture_difference');

GRANT SELECT, INSERT, UPDATE ON aqueduto.gsan_base, aqueduto.capture_seen TO aqueduto_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON aqueduto.capture_payment TO aqueduto_app;
GRANT SELECT, INSERT, DELETE ON aqueduto.capture_mark TO aqueduto_app;
GRANT SELECT, INSERT ON aqueduto.capture_reconciliation, aqueduto.capture_difference TO aqueduto_app;
