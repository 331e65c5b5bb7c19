-- Services beyond their first registration: versions of the document, targets with their health, mapping of statuses;
-- operations that are only described until an adapter serves them, and the dates on which one is given up.

ALTER TABLE aqueduto.service
  -- of the registered document; each upload adds one
  ADD COLUMN version integer NOT NULL DEFAULT 1,
  -- path on each target that answers 2xx when it serves; null = not probed
  ADD COLUMN health_path text CHECK (health_path ~ '^/' AND length(health_path) <= 500),
  ADD COLUMN health_every_seconds integer NOT NULL DEFAULT 30 CHECK (health_every_seconds BETWEEN 10 AND 86400),
  -- upstream status -> error code of the contract, e.g. {"403": "not-found"}; statuses not named keep the gateway's own rule
  ADD COLUMN status_map jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(status_map) = 'object'),
  -- operation -> pointers of the fields of its answer that an earlier document classed as personal; only grows
  ADD COLUMN once_personal jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(once_personal) = 'object');

ALTER TABLE aqueduto.operation
  -- described: known and classified, but no adapter forwards it yet; no license may hold it and the gateway does not route it
  ADD COLUMN state text NOT NULL DEFAULT 'served' CHECK (state IN ('served', 'described')),
  -- x-upstream of the document: how an adapter will call the system behind
  ADD COLUMN upstream jsonb,
  ADD COLUMN tags text[] NOT NULL DEFAULT '{}',
  -- the operator's own deadline; null = the document's
  ADD COLUMN timeout_override_ms integer CHECK (timeout_override_ms BETWEEN 1 AND 60000),
  -- Deprecation header (RFC 9745) and Sunset header (RFC 8594)
  ADD COLUMN deprecated_at timestamptz,
  ADD COLUMN sunset_at timestamptz,
  ADD CHECK ((state = 'described') = (upstream IS NOT NULL)),
  ADD CHECK (sunset_at IS NULL OR (deprecated_at IS NOT NULL AND sunset_at >= deprecated_at));

-- control refuses it with its own words; this holds whatever verb writes the grant
CREATE FUNCTION aqueduto.refuse_described_grant() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF EXISTS (SELECT FROM aqueduto.operation WHERE tenant_id = NEW.tenant_id AND operation_id = NEW.operation_id AND state = 'described') THEN
    RAISE EXCEPTION 'operation % is only described', NEW.operation_id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER served_only BEFORE INSERT OR UPDATE ON aqueduto.license_operation
  FOR EACH ROW EXECUTE FUNCTION aqueduto.refuse_described_grant();

CREATE FUNCTION aqueduto.keep_granted_served() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF EXISTS (SELECT FROM aqueduto.license_operation WHERE tenant_id = NEW.tenant_id AND operation_id = NEW.operation_id) THEN
    RAISE EXCEPTION 'operation % is held by a license', NEW.operation_id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER granted_served BEFORE UPDATE OF state ON aqueduto.operation
  FOR EACH ROW WHEN (NEW.state = 'described' AND OLD.state = 'served') EXECUTE FUNCTION aqueduto.keep_granted_served();

-- every document that was ever registered, and what it changed for those who call
CREATE TABLE aqueduto.service_version (
  tenant_id   text NOT NULL,
  service_id  text NOT NULL,
  version     integer NOT NULL CHECK (version >= 1),
  openapi     jsonb NOT NULL,
  -- {added, removed, changed, breaking}: src/contract/diff-openapi.ts; null for the first
  diff        jsonb,
  reason      text,
  actor_kind  text NOT NULL,
  actor_id    text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, service_id, version),
  FOREIGN KEY (tenant_id, service_id) REFERENCES aqueduto.service
);
SELECT aqueduto.protect_tenant_table('aqueduto.service_version');
SELECT aqueduto.make_append_only('aqueduto.service_version');

-- where a service is reached; the first of a mode is service.live_url / sandbox_url, which the gateway uses
CREATE TABLE aqueduto.service_target (
  tenant_id   text NOT NULL,
  service_id  text NOT NULL,
  mode        text NOT NULL CHECK (mode IN ('live', 'test')),
  position    integer NOT NULL CHECK (position BETWEEN 1 AND 20),
  -- origin only: scheme, host, port
  url         text NOT NULL,
  health_state text NOT NULL DEFAULT 'unknown' CHECK (health_state IN ('unknown', 'up', 'down')),
  -- since when that state holds
  health_since timestamptz,
  -- status or kind of failure of the last probe; never text of the service
  health_code text,
  failures    integer NOT NULL DEFAULT 0,
  checked_at  timestamptz,
  check_due_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, service_id, mode, position),
  UNIQUE (tenant_id, service_id, mode, url),
  FOREIGN KEY (tenant_id, service_id) REFERENCES aqueduto.service
);
CREATE INDEX service_target_due ON aqueduto.service_target (check_due_at);
SELECT aqueduto.protect_tenant_table('aqueduto.service_target');

-- what is registered already becomes version 1 with its targets
SELECT set_config('aqueduto.tenant', '*', true);
INSERT INTO aqueduto.service_version (tenant_id, service_id, version, openapi, actor_kind, actor_id, created_at)
  SELECT tenant_id, service_id, 1, openapi, 'system', 'migration', created_at FROM aqueduto.service;
INSERT INTO aqueduto.service_target (tenant_id, service_id, mode, position, url)
  SELECT tenant_id, service_id, 'live', 1, live_url FROM aqueduto.service WHERE live_url IS NOT NULL
  UNION ALL
  SELECT tenant_id, service_id, 'test', 1, sandbox_url FROM aqueduto.service WHERE sandbox_url IS NOT NULL;
SELECT set_config('aqueduto.tenant', '', true);

GRANT SELECT, INSERT ON aqueduto.service_version TO aqueduto_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON aqueduto.service_target TO aqueduto_app;
