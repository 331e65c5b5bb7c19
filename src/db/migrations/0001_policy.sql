-- Roles, tenants and the policy tables: what may be done, by whom.
-- Everything of the platform lives in schema aqueduto. The migrating user owns it; the running platform
-- works as aqueduto_app (SET ROLE at connect), which can neither alter the schema nor step around row security.

DO $$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['aqueduto_app', 'aqueduto_sequencer', 'aqueduto_reader', 'aqueduto_eraser', 'aqueduto_owner'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', r);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- roles are shared by the whole cluster
    END;
    -- membership without inheritance: a right is used only after SET ROLE
    EXECUTE format('GRANT %I TO CURRENT_USER', r);
  END LOOP;
END $$;

GRANT USAGE ON SCHEMA aqueduto TO aqueduto_app, aqueduto_sequencer, aqueduto_reader, aqueduto_eraser;
-- not IN SCHEMA: that form can only add to what PUBLIC gets by default
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- The tenant of the running transaction (SET LOCAL aqueduto.tenant); '*' is the platform's own work
-- (snapshot load, dispatch, capture), opened by platformTx alone. Unset matches nothing.
CREATE FUNCTION aqueduto.tenant_visible(row_tenant text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT row_tenant = current_setting('aqueduto.tenant', true) OR current_setting('aqueduto.tenant', true) = '*'
$$;
GRANT EXECUTE ON FUNCTION aqueduto.tenant_visible(text) TO PUBLIC;

-- Row security on a table with tenant_id; used by every migration that adds such a table.
CREATE FUNCTION aqueduto.protect_tenant_table(tab regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', tab);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', tab);
  EXECUTE format('CREATE POLICY tenant ON %s USING (aqueduto.tenant_visible(tenant_id)) WITH CHECK (aqueduto.tenant_visible(tenant_id))', tab);
END $$;

CREATE TABLE aqueduto.tenant (
  tenant_id   text PRIMARY KEY,
  name        text NOT NULL,
  -- GSAN timestamps have no zone
  time_zone   text NOT NULL DEFAULT 'America/Recife',
  -- check digit rule of idcliente: modulo11 | modulo10 | none
  client_digit_rule text NOT NULL DEFAULT 'modulo11' CHECK (client_digit_rule IN ('modulo11', 'modulo10', 'none')),
  -- a payment whose client is not known yet: held until classified, or sent with the property
  unknown_client    text NOT NULL DEFAULT 'hold' CHECK (unknown_client IN ('hold', 'property')),
  demo        boolean NOT NULL DEFAULT false,
  created_at  timestamptz NOT NULL DEFAULT now()
);
SELECT aqueduto.protect_tenant_table('aqueduto.tenant');

CREATE TABLE aqueduto.partner (
  tenant_id   text NOT NULL REFERENCES aqueduto.tenant,
  partner_id  text NOT NULL,
  name        text NOT NULL,
  state       text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled', 'revoked')),
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, partner_id)
);
SELECT aqueduto.protect_tenant_table('aqueduto.partner');

CREATE TABLE aqueduto.service (
  tenant_id    text NOT NULL REFERENCES aqueduto.tenant,
  service_id   text NOT NULL,
  name         text NOT NULL,
  -- origin only: scheme, host, port
  live_url     text,
  sandbox_url  text,
  -- sent as Authorization: Bearer; sealed with the data key; write-only
  credential_sealed   bytea NOT NULL,
  -- HMAC key of the identity header that the upstream verifies; sealed with the data key
  identity_key_sealed bytea NOT NULL,
  -- the registered OpenAPI document
  openapi      jsonb NOT NULL,
  state        text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, service_id)
);
SELECT aqueduto.protect_tenant_table('aqueduto.service');

-- one row per operation of a service's OpenAPI, unpacked so that licences and the gateway need no parser
CREATE TABLE aqueduto.operation (
  tenant_id    text NOT NULL,
  service_id   text NOT NULL,
  operation_id text NOT NULL,
  method       text NOT NULL CHECK (method IN ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')),
  -- OpenAPI path template, e.g. /v1/properties/{ref}
  path         text NOT NULL,
  summary      text NOT NULL,
  -- schemas with $refs resolved; null = no body / no parameter
  parameters   jsonb NOT NULL DEFAULT '[]',
  request_schema  jsonb,
  response_schema jsonb,
  publishable  boolean NOT NULL DEFAULT false,
  timeout_ms   integer NOT NULL DEFAULT 4500 CHECK (timeout_ms BETWEEN 1 AND 60000),
  max_body_bytes integer NOT NULL DEFAULT 65536 CHECK (max_body_bytes >= 0),
  PRIMARY KEY (tenant_id, service_id, operation_id),
  UNIQUE (tenant_id, operation_id),
  UNIQUE (tenant_id, method, path),
  FOREIGN KEY (tenant_id, service_id) REFERENCES aqueduto.service
);
SELECT aqueduto.protect_tenant_table('aqueduto.operation');

CREATE TABLE aqueduto.license (
  tenant_id    text NOT NULL,
  license_id   text NOT NULL,
  partner_id   text NOT NULL,
  name         text NOT NULL,
  version      integer NOT NULL DEFAULT 1,
  state        text NOT NULL CHECK (state IN ('draft', 'submitted', 'approved', 'active', 'suspended', 'ended')),
  purpose      text NOT NULL,
  -- LGPD article and item, e.g. art. 7 V
  legal_basis  text NOT NULL,
  starts_at    timestamptz NOT NULL,
  ends_at      timestamptz NOT NULL,
  -- token bucket per license x access: sustained calls a second and burst
  rate_per_second numeric(9,3) NOT NULL CHECK (rate_per_second > 0),
  burst        integer NOT NULL CHECK (burst >= 1),
  created_at   timestamptz NOT NULL DEFAULT now(),
  CHECK (ends_at > starts_at),
  PRIMARY KEY (tenant_id, license_id),
  FOREIGN KEY (tenant_id, partner_id) REFERENCES aqueduto.partner
);
SELECT aqueduto.protect_tenant_table('aqueduto.license');

-- an operation inside a license and how much of each x-lgpd class it shows
CREATE TABLE aqueduto.license_operation (
  tenant_id    text NOT NULL,
  license_id   text NOT NULL,
  operation_id text NOT NULL,
  -- {"identity":"masked","financial":"full",...}: class -> none | masked | full; a class not named is none.
  -- classes none and technical are always full; vulnerability, sensitive, never are not grantable
  projection   jsonb NOT NULL,
  PRIMARY KEY (tenant_id, license_id, operation_id),
  FOREIGN KEY (tenant_id, license_id) REFERENCES aqueduto.license,
  FOREIGN KEY (tenant_id, operation_id) REFERENCES aqueduto.operation (tenant_id, operation_id)
);
SELECT aqueduto.protect_tenant_table('aqueduto.license_operation');

CREATE TABLE aqueduto.license_event (
  tenant_id    text NOT NULL,
  license_id   text NOT NULL,
  event_type   text NOT NULL,
  variant      text NOT NULL DEFAULT 'whole' CHECK (variant IN ('whole', 'thin')),
  PRIMARY KEY (tenant_id, license_id, event_type),
  FOREIGN KEY (tenant_id, license_id) REFERENCES aqueduto.license
);
SELECT aqueduto.protect_tenant_table('aqueduto.license_event');

CREATE TABLE aqueduto.client (
  tenant_id   text NOT NULL,
  client_id   text NOT NULL,
  partner_id  text NOT NULL,
  name        text NOT NULL,
  state       text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled', 'revoked')),
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, client_id),
  FOREIGN KEY (tenant_id, partner_id) REFERENCES aqueduto.partner
);
SELECT aqueduto.protect_tenant_table('aqueduto.client');

CREATE TABLE aqueduto.access (
  tenant_id   text NOT NULL,
  access_id   text NOT NULL,
  client_id   text NOT NULL,
  license_id  text NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('publishable', 'confidential')),
  mode        text NOT NULL CHECK (mode IN ('live', 'test')),
  -- empty = any address (confidential accesses that reach personal data must bind; part of control's rules)
  cidrs       cidr[] NOT NULL DEFAULT '{}',
  origins     text[] NOT NULL DEFAULT '{}',
  state       text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled', 'revoked')),
  expires_at  timestamptz,
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, access_id),
  UNIQUE (tenant_id, client_id, license_id),
  FOREIGN KEY (tenant_id, client_id) REFERENCES aqueduto.client,
  FOREIGN KEY (tenant_id, license_id) REFERENCES aqueduto.license
);
SELECT aqueduto.protect_tenant_table('aqueduto.access');

CREATE TABLE aqueduto.token (
  tenant_id   text NOT NULL,
  token_id    text NOT NULL,
  access_id   text NOT NULL,
  -- HMAC-SHA-256(pepper, SHA-256(token)); the token itself is never stored. Kept for ever: a digest is never reused
  digest      bytea NOT NULL CHECK (octet_length(digest) = 32),
  pepper_id   text NOT NULL,
  -- last four characters, for people to tell tokens apart
  hint        text NOT NULL CHECK (char_length(hint) = 4),
  state       text NOT NULL CHECK (state IN ('live', 'retiring', 'ended')),
  expires_at  timestamptz,
  retiring_until timestamptz,
  ended_at    timestamptz,
  ended_reason text,
  created_at  timestamptz NOT NULL DEFAULT now(),
  CHECK ((state = 'retiring') = (retiring_until IS NOT NULL AND ended_at IS NULL)),
  CHECK ((state = 'ended') = (ended_at IS NOT NULL)),
  PRIMARY KEY (tenant_id, token_id),
  FOREIGN KEY (tenant_id, access_id) REFERENCES aqueduto.access
);
CREATE UNIQUE INDEX token_digest ON aqueduto.token (digest);
CREATE UNIQUE INDEX token_one_live ON aqueduto.token (tenant_id, access_id) WHERE state = 'live';
CREATE UNIQUE INDEX token_one_retiring ON aqueduto.token (tenant_id, access_id) WHERE state = 'retiring';
SELECT aqueduto.protect_tenant_table('aqueduto.token');

CREATE TABLE aqueduto.webhook (
  tenant_id   text NOT NULL,
  webhook_id  text NOT NULL,
  license_id  text NOT NULL,
  name        text NOT NULL,
  url         text NOT NULL,
  event_types text[] NOT NULL CHECK (cardinality(event_types) > 0),
  mode        text NOT NULL CHECK (mode IN ('live', 'test')),
  state       text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'verified', 'paused', 'failing', 'disabled')),
  state_reason text,
  -- whsec_ secret (Standard Webhooks), sealed with the data key
  secret_sealed bytea NOT NULL,
  -- SSRF allow-list: one exact address:port, set by the platform for the demo receiver alone
  allowed_address text,
  max_batch   integer NOT NULL DEFAULT 500 CHECK (max_batch BETWEEN 1 AND 500),
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, webhook_id),
  FOREIGN KEY (tenant_id, license_id) REFERENCES aqueduto.license
);
SELECT aqueduto.protect_tenant_table('aqueduto.webhook');

-- keys for the admin API: the operator's key of the first start, service keys of producers
CREATE TABLE aqueduto.api_key (
  tenant_id   text NOT NULL REFERENCES aqueduto.tenant,
  key_id      text NOT NULL,
  name        text NOT NULL,
  digest      bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
  pepper_id   text NOT NULL,
  scopes      text[] NOT NULL,
  -- for scope events:write: the types this key may write
  event_types text[] NOT NULL DEFAULT '{}',
  state       text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'ended')),
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, key_id)
);
SELECT aqueduto.protect_tenant_table('aqueduto.api_key');

-- which key files the rows of this database need; check_value = HMAC(key, "aqueduto-check"), so a wrong file is noticed
CREATE TABLE aqueduto.key_check (
  kid         text PRIMARY KEY,
  purpose     text NOT NULL CHECK (purpose IN ('pepper', 'data')),
  check_value bytea NOT NULL,
  state       text NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'old', 'ended')),
  created_at  timestamptz NOT NULL DEFAULT now()
);

-- the monotonic version of the published policy. Every change of a policy table moves it in the same transaction;
-- the row lock makes epochs commit in order
CREATE TABLE aqueduto.policy_epoch (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  epoch    bigint NOT NULL DEFAULT 1
);
INSERT INTO aqueduto.policy_epoch DEFAULT VALUES;

CREATE FUNCTION aqueduto.bump_policy_epoch() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE e bigint;
BEGIN
  UPDATE aqueduto.policy_epoch SET epoch = epoch + 1 RETURNING epoch INTO e;
  PERFORM pg_notify('aqueduto_policy', e::text);
  RETURN NULL;
END $$;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['tenant', 'partner', 'service', 'operation', 'license', 'license_operation', 'license_event',
                           'client', 'access', 'token', 'webhook'] LOOP
    EXECUTE format('CREATE TRIGGER policy_epoch AFTER INSERT OR UPDATE OR DELETE ON aqueduto.%I
                    FOR EACH STATEMENT EXECUTE FUNCTION aqueduto.bump_policy_epoch()', t);
  END LOOP;
END $$;

-- a running process; the two bounds of the architecture page are written before it relies on them
CREATE TABLE aqueduto.node (
  node_id      text PRIMARY KEY,
  roles        text[] NOT NULL,
  started_at   timestamptz NOT NULL DEFAULT now(),
  epoch        bigint NOT NULL DEFAULT 0,
  lease_until  timestamptz NOT NULL,
  serves_until timestamptz NOT NULL,
  stopped_at   timestamptz
);

-- one holder at a time for work that must not run twice (capture of a base, sequencing); fence only grows
CREATE TABLE aqueduto.lease (
  name        text PRIMARY KEY,
  holder      text NOT NULL,
  fence       bigint NOT NULL DEFAULT 1,
  until       timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON aqueduto.tenant, aqueduto.partner, aqueduto.service, aqueduto.license, aqueduto.client,
  aqueduto.access, aqueduto.token, aqueduto.webhook, aqueduto.api_key, aqueduto.key_check, aqueduto.node TO aqueduto_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON aqueduto.operation, aqueduto.license_operation, aqueduto.license_event,
  aqueduto.lease TO aqueduto_app;
GRANT SELECT ON aqueduto.policy_epoch TO aqueduto_app;
