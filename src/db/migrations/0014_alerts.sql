-- What needs somebody's eye: one row from the moment a rule finds something until it no longer does.

CREATE TABLE aqueduto.alert (
  tenant_id   text NOT NULL REFERENCES aqueduto.tenant,
  -- sorts by the time it was raised
  alert_id    text NOT NULL,
  -- closed catalogue: src/contract/alert.ts
  rule        text NOT NULL CHECK (rule ~ '^[a-z-]+$'),
  -- id of the node, webhook, token, access or base; of the platform itself: gateway
  subject     text NOT NULL,
  -- numbers and ids that explain it; never data of a person
  detail      jsonb NOT NULL,
  state       text NOT NULL CHECK (state IN ('raised', 'acknowledged', 'resolved')),
  raised_at   timestamptz NOT NULL,
  acknowledged_at timestamptz,
  acknowledged_by text,
  resolved_at timestamptz,
  CHECK ((state = 'resolved') = (resolved_at IS NOT NULL)),
  CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL)),
  PRIMARY KEY (tenant_id, alert_id)
);
-- the same thing is raised once, whichever process finds it first
CREATE UNIQUE INDEX alert_one_open ON aqueduto.alert (tenant_id, rule, subject) WHERE state <> 'resolved';
SELECT aqueduto.protect_tenant_table('aqueduto.alert');
GRANT SELECT, INSERT, UPDATE ON aqueduto.alert TO aqueduto_app;
GRANT SELECT ON aqueduto.alert TO aqueduto_reader;
