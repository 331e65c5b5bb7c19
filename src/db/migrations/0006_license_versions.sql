-- What a license says, version by version; what it says of objects; who may approve. The published version is what the
-- tables license, license_operation, license_event and license_object hold: the gateway reads those alone.

-- this migration fills rows of every tenant
SELECT set_config('aqueduto.tenant', '*', true);

ALTER TABLE aqueduto.tenant
  -- single_approver: a utility with one user; reasoned, dated, shown wherever licenses are
  ADD COLUMN approval_mode text NOT NULL DEFAULT 'two_persons' CHECK (approval_mode IN ('two_persons', 'single_approver')),
  ADD COLUMN approval_mode_reason text,
  ADD COLUMN approval_mode_at timestamptz,
  ADD COLUMN approval_mode_by text,
  ADD CHECK (approval_mode = 'two_persons' OR (approval_mode_reason IS NOT NULL AND approval_mode_at IS NOT NULL AND approval_mode_by IS NOT NULL));

ALTER TABLE aqueduto.license
  -- why it is suspended or ended, since when, and who did it (kind:id)
  ADD COLUMN state_reason text,
  ADD COLUMN state_at timestamptz,
  ADD COLUMN state_by text;

-- JSON pointers (`*` = each list item) of the only fields that are shown; null = every field of the classes shown
ALTER TABLE aqueduto.license_operation
  ADD COLUMN fields text[] CHECK (cardinality(fields) BETWEEN 1 AND 500);

CREATE TABLE aqueduto.license_version (
  tenant_id     text NOT NULL,
  license_id    text NOT NULL,
  version       integer NOT NULL CHECK (version > 0),
  state         text NOT NULL CHECK (state IN ('draft', 'submitted', 'refused', 'approved', 'published', 'superseded', 'withdrawn')),
  -- LicenseContent of src/contract/license-content.ts
  content       jsonb NOT NULL,
  -- people of the contract: {name, email?, phone?}, sealed with the data key
  responsible_sealed bytea,
  encarregado_sealed bytea,
  -- the matrículas of the object scope, ascending: difference to the one before as base-128 varint
  matriculas    bytea,
  matricula_count integer NOT NULL DEFAULT 0 CHECK (matricula_count BETWEEN 0 AND 100000),
  -- everybody (kind:id) who wrote, changed or submitted it, with the people behind API keys: none of them approves it
  authors       text[] NOT NULL CHECK (cardinality(authors) > 0),
  drafted_by    text NOT NULL,
  drafted_at    timestamptz NOT NULL,
  -- the version whose content a rollback took up again
  restores      integer,
  submitted_by  text,
  submitted_at  timestamptz,
  approved_by   text,
  approved_at   timestamptz,
  -- hash of the effect that was approved: publishing anything else is refused
  approved_effect text,
  -- approved by one of its authors, in single-approver mode
  single_approver boolean NOT NULL DEFAULT false,
  published_by  text,
  published_at  timestamptz,
  -- last refusal or withdrawal
  reason        text,
  reason_by     text,
  reason_at     timestamptz,
  CHECK ((matriculas IS NULL) = (matricula_count = 0)),
  PRIMARY KEY (tenant_id, license_id, version),
  FOREIGN KEY (tenant_id, license_id) REFERENCES aqueduto.license
);
SELECT aqueduto.protect_tenant_table('aqueduto.license_version');
CREATE UNIQUE INDEX license_version_one_open ON aqueduto.license_version (tenant_id, license_id)
  WHERE state IN ('draft', 'submitted', 'refused', 'approved');
CREATE UNIQUE INDEX license_version_one_published ON aqueduto.license_version (tenant_id, license_id) WHERE state = 'published';

-- What was submitted is what is approved and published: nothing rewrites it.
CREATE FUNCTION aqueduto.license_version_frozen() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
  IF OLD.state NOT IN ('draft', 'refused')
     AND (NEW.content, NEW.matriculas, NEW.authors) IS DISTINCT FROM (OLD.content, OLD.matriculas, OLD.authors) THEN
    RAISE EXCEPTION 'version % of license % is % and no longer changes', OLD.version, OLD.license_id, OLD.state
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER frozen BEFORE UPDATE ON aqueduto.license_version
  FOR EACH ROW EXECUTE FUNCTION aqueduto.license_version_frozen();
ALTER TABLE aqueduto.license_version ENABLE ALWAYS TRIGGER frozen;

-- The published object scope; no row: every object. An object is inside when its matrícula is in list or ranges (where
-- either is stated) and its place is one of the places (where any is stated).
CREATE TABLE aqueduto.license_object (
  tenant_id      text NOT NULL,
  license_id     text NOT NULL,
  municipalities integer[] NOT NULL DEFAULT '{}',
  localities     integer[] NOT NULL DEFAULT '{}',
  -- as in license_version; null: no list
  matriculas     bytea,
  -- from, to, from, to, ...: ranges of supply contracts, which GSAN knows by their matrícula
  ranges         integer[] NOT NULL DEFAULT '{}' CHECK (cardinality(ranges) % 2 = 0),
  PRIMARY KEY (tenant_id, license_id),
  FOREIGN KEY (tenant_id, license_id) REFERENCES aqueduto.license
);
SELECT aqueduto.protect_tenant_table('aqueduto.license_object');
CREATE TRIGGER policy_epoch AFTER INSERT OR UPDATE OR DELETE ON aqueduto.license_object
  FOR EACH STATEMENT EXECUTE FUNCTION aqueduto.bump_policy_epoch();

INSERT INTO aqueduto.license_version (tenant_id, license_id, version, state, content, authors, drafted_by, drafted_at, published_by, published_at)
SELECT l.tenant_id, l.license_id, l.version, 'published',
  jsonb_build_object(
    'name', l.name, 'purpose', l.purpose, 'legal_basis', l.legal_basis,
    'starts_at', to_char(l.starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'ends_at', to_char(l.ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'rate_per_second', l.rate_per_second, 'burst', l.burst,
    'operations', coalesce((SELECT jsonb_agg(jsonb_build_object('operation_id', o.operation_id, 'projection', o.projection) ORDER BY o.operation_id)
                              FROM aqueduto.license_operation o WHERE (o.tenant_id, o.license_id) = (l.tenant_id, l.license_id)), '[]'),
    'events', coalesce((SELECT jsonb_agg(jsonb_build_object('event_type', e.event_type, 'variant', e.variant) ORDER BY e.event_type)
                          FROM aqueduto.license_event e WHERE (e.tenant_id, e.license_id) = (l.tenant_id, l.license_id)), '[]')),
  ARRAY['system:migration'], 'system:migration', l.created_at, 'system:migration', l.created_at
FROM aqueduto.license l;

GRANT SELECT, INSERT, UPDATE ON aqueduto.license_version TO aqueduto_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON aqueduto.license_object TO aqueduto_app;
