-- LGPD: who received data of a person (art. 18), and the register of incidents (art. 48, Res. CD/ANPD 15/2024).

-- A person named in a call, as keyed hash of matrícula or document: never the value. Beside the append-only log and not
-- in it, so that the rows of one person can be deleted (by the eraser) without touching an entry.
CREATE TABLE aqueduto.subject_index (
  tenant_id    text NOT NULL,
  -- HMAC under the key of the tenant and month: src/audit/subject-hash.ts
  subject_hash bytea NOT NULL CHECK (octet_length(subject_hash) = 32),
  at           timestamptz NOT NULL,
  entry_id     text NOT NULL,
  PRIMARY KEY (tenant_id, subject_hash, at, entry_id)
);
SELECT aqueduto.protect_tenant_table('aqueduto.subject_index');

CREATE TABLE aqueduto.incident (
  tenant_id    text NOT NULL REFERENCES aqueduto.tenant,
  incident_id  text NOT NULL,
  state        text NOT NULL CHECK (state IN ('opened', 'assessed', 'notified', 'completed', 'closed')),
  title        text NOT NULL,
  description  text NOT NULL,
  occurred_at  timestamptz,
  -- when the controller knew that personal data were affected: the clock starts
  known_at     timestamptz NOT NULL,
  -- small-size processing agent (Res. CD/ANPD 2/2022): terms are doubled
  small_agent  boolean NOT NULL DEFAULT false,
  -- end of the local day on which the term to notify ends
  notify_due_at   timestamptz NOT NULL,
  -- end of the term to complete the notification; counted from the notification
  complete_due_at timestamptz,
  risk         text CHECK (risk IN ('relevant', 'not_relevant')),
  -- x-lgpd classes
  categories   text[] NOT NULL DEFAULT '{}',
  subjects_estimate bigint CHECK (subjects_estimate >= 0),
  measures     text,
  notified_at  timestamptz,
  subjects_notified_at timestamptz,
  authority_protocol text,
  -- why the term was not met
  delay_reason text,
  completed_at timestamptz,
  closed_at    timestamptz,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, incident_id),
  CHECK (notified_at IS NULL OR complete_due_at IS NOT NULL),
  CHECK ((state = 'closed') = (closed_at IS NOT NULL))
);
SELECT aqueduto.protect_tenant_table('aqueduto.incident');

-- every step and note of an incident
CREATE TABLE aqueduto.incident_step (
  tenant_id    text NOT NULL,
  incident_id  text NOT NULL,
  step         integer NOT NULL CHECK (step >= 1),
  at           timestamptz NOT NULL,
  actor_kind   text NOT NULL,
  actor_id     text NOT NULL,
  from_state   text,
  to_state     text NOT NULL,
  note         text,
  PRIMARY KEY (tenant_id, incident_id, step),
  FOREIGN KEY (tenant_id, incident_id) REFERENCES aqueduto.incident
);
SELECT aqueduto.protect_tenant_table('aqueduto.incident_step');
SELECT aqueduto.make_append_only('aqueduto.incident_step');

-- the register is kept at least five years: nothing removes an incident, whoever asks
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON aqueduto.incident
  FOR EACH STATEMENT EXECUTE FUNCTION aqueduto.refuse_change();
ALTER TABLE aqueduto.incident ENABLE ALWAYS TRIGGER kept;

GRANT SELECT, INSERT ON aqueduto.subject_index, aqueduto.incident_step TO aqueduto_app;
GRANT SELECT, DELETE ON aqueduto.subject_index TO aqueduto_eraser;
GRANT SELECT, INSERT, UPDATE ON aqueduto.incident TO aqueduto_app;
