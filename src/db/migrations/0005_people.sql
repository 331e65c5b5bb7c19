-- People of a tenant: who they are, how they sign in, what is signed in now. Tenants are independent: the same e-mail at
-- two tenants is two persons, so the administrators of one can never reach the other.

-- A user. E-mail and name are contact and identity data: sealed, and found again by a keyed hash.
CREATE TABLE aqueduto.person (
  tenant_id    text NOT NULL REFERENCES aqueduto.tenant,
  user_id      text NOT NULL,
  -- HMAC-SHA-256(pepper, SHA-256(normalized e-mail))
  email_hash   bytea NOT NULL CHECK (octet_length(email_hash) = 32),
  pepper_id    text NOT NULL,
  email_sealed bytea NOT NULL,
  name_sealed  bytea NOT NULL,
  -- src/contract/roles.ts
  roles        text[] NOT NULL CHECK (cardinality(roles) > 0),
  -- the partners whose rows an integrador sees; empty for everybody else
  partner_ids  text[] NOT NULL DEFAULT '{}',
  state        text NOT NULL CHECK (state IN ('invited', 'active', 'disabled')),
  state_reason text,
  -- PHC string of argon2id; null = signs in through a provider, or has not accepted yet
  password     text,
  password_at  timestamptz,
  created_at   timestamptz NOT NULL,
  last_sign_in_at timestamptz,
  CHECK ((password IS NULL) = (password_at IS NULL)),
  -- the one role whose holder belongs to partners, and only to them
  CHECK (('integrador' = ANY (roles)) = (cardinality(partner_ids) > 0)),
  CHECK (NOT 'integrador' = ANY (roles) OR cardinality(roles) = 1),
  PRIMARY KEY (tenant_id, user_id),
  UNIQUE (tenant_id, email_hash)
);
SELECT aqueduto.protect_tenant_table('aqueduto.person');

-- A one-time link. Only SHA-256 of its secret is stored.
CREATE TABLE aqueduto.person_link (
  tenant_id   text NOT NULL REFERENCES aqueduto.tenant,
  link_id     text NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('setup', 'invite', 'reset')),
  -- null for setup: it makes the first administrador
  user_id     text,
  digest      bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
  created_at  timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  -- used, or replaced by a newer one
  ended_at    timestamptz,
  CHECK ((kind = 'setup') = (user_id IS NULL)),
  PRIMARY KEY (tenant_id, link_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES aqueduto.person
);
SELECT aqueduto.protect_tenant_table('aqueduto.person_link');

CREATE TABLE aqueduto.factor (
  tenant_id   text NOT NULL,
  factor_id   text NOT NULL,
  user_id     text NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('totp', 'passkey')),
  name        text NOT NULL,
  -- totp: the shared secret, sealed
  secret_sealed bytea,
  -- totp: the newest 30-second step that was accepted; a code is good once
  last_step   bigint,
  -- passkey (WebAuthn): the credential, its COSE public key and its signature counter
  credential_id text,
  public_key  bytea,
  sign_count  bigint,
  transports  text[] NOT NULL DEFAULT '{}',
  rp_id       text,
  -- pending: shown, not yet proved by a first code
  state       text NOT NULL CHECK (state IN ('pending', 'active', 'ended')),
  created_at  timestamptz NOT NULL,
  last_used_at timestamptz,
  ended_at    timestamptz,
  CHECK ((state = 'ended') = (ended_at IS NOT NULL)),
  CHECK ((kind = 'totp') = (secret_sealed IS NOT NULL)),
  CHECK ((kind = 'passkey') = (credential_id IS NOT NULL AND public_key IS NOT NULL AND sign_count IS NOT NULL AND rp_id IS NOT NULL)),
  PRIMARY KEY (tenant_id, factor_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES aqueduto.person
);
CREATE INDEX factor_of_person ON aqueduto.factor (tenant_id, user_id) WHERE state <> 'ended';
CREATE UNIQUE INDEX factor_credential ON aqueduto.factor (tenant_id, credential_id) WHERE credential_id IS NOT NULL AND state <> 'ended';
SELECT aqueduto.protect_tenant_table('aqueduto.factor');

-- Ten at a time, each good once in place of a second factor. SHA-256 of 80 random bits, bound to the user.
CREATE TABLE aqueduto.recovery_code (
  tenant_id   text NOT NULL,
  user_id     text NOT NULL,
  digest      bytea NOT NULL CHECK (octet_length(digest) = 32),
  created_at  timestamptz NOT NULL,
  used_at     timestamptz,
  PRIMARY KEY (tenant_id, user_id, digest),
  FOREIGN KEY (tenant_id, user_id) REFERENCES aqueduto.person
);
SELECT aqueduto.protect_tenant_table('aqueduto.recovery_code');

-- A signed-in browser. The cookie holds 256 random bits, the row their SHA-256.
CREATE TABLE aqueduto.session (
  tenant_id   text NOT NULL,
  session_id  text NOT NULL,
  user_id     text NOT NULL,
  digest      bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
  -- how the first factor was given
  method      text NOT NULL CHECK (method IN ('password', 'passkey', 'link', 'oidc')),
  created_at  timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  -- the absolute end, whatever is done meanwhile
  expires_at  timestamptz NOT NULL,
  -- null: only the first factor was given, and the session reaches nothing but the person's own sign-in
  second_factor_at timestamptz,
  ended_at    timestamptz,
  ended_reason text CHECK (ended_reason IN ('sign_out', 'ended', 'rotated', 'password', 'disabled', 'roles', 'reset')),
  CHECK ((ended_at IS NULL) = (ended_reason IS NULL)),
  PRIMARY KEY (tenant_id, session_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES aqueduto.person
);
CREATE INDEX session_of_person ON aqueduto.session (tenant_id, user_id, session_id DESC) WHERE ended_at IS NULL;
SELECT aqueduto.protect_tenant_table('aqueduto.session');

-- Failed sign-ins by account and by address, both as keyed hashes; an account that does not exist counts like one that does.
CREATE TABLE aqueduto.sign_in_failure (
  tenant_id   text NOT NULL REFERENCES aqueduto.tenant,
  subject     text NOT NULL,
  failures    integer NOT NULL CHECK (failures >= 0),
  last_at     timestamptz NOT NULL,
  locked_until timestamptz,
  PRIMARY KEY (tenant_id, subject)
);
CREATE INDEX sign_in_failure_old ON aqueduto.sign_in_failure (last_at);
SELECT aqueduto.protect_tenant_table('aqueduto.sign_in_failure');

-- What the platform must remember between the two halves of a ceremony: a WebAuthn challenge, or state, nonce and PKCE
-- verifier of an OIDC sign-in. Taken by DELETE, so each is good once.
CREATE TABLE aqueduto.sign_in_challenge (
  tenant_id   text NOT NULL REFERENCES aqueduto.tenant,
  challenge_id text NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('passkey_add', 'passkey', 'oidc')),
  -- the person it was made for; null before anybody is known
  user_id     text,
  value_sealed bytea NOT NULL,
  expires_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, challenge_id)
);
CREATE INDEX sign_in_challenge_old ON aqueduto.sign_in_challenge (expires_at);
SELECT aqueduto.protect_tenant_table('aqueduto.sign_in_challenge');

-- An OpenID Connect provider of the tenant.
CREATE TABLE aqueduto.identity_provider (
  tenant_id   text NOT NULL REFERENCES aqueduto.tenant,
  provider_id text NOT NULL,
  name        text NOT NULL,
  issuer      text NOT NULL,
  client_id   text NOT NULL,
  client_secret_sealed bytea NOT NULL,
  -- domains whose addresses it may vouch for
  email_domains text[] NOT NULL CHECK (cardinality(email_domains) > 0),
  -- claim of the ID token that carries groups, and what each value gives: [{"value","roles","partner_ids"}]
  role_claim  text,
  role_map    jsonb NOT NULL DEFAULT '[]',
  -- whether its amr claim counts as a second factor
  trusts_second_factor boolean NOT NULL DEFAULT false,
  state       text NOT NULL CHECK (state IN ('active', 'disabled')),
  created_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, provider_id)
);
SELECT aqueduto.protect_tenant_table('aqueduto.identity_provider');

CREATE TABLE aqueduto.person_identity (
  tenant_id   text NOT NULL,
  provider_id text NOT NULL,
  -- sub of the ID token, as a keyed hash: it may be an e-mail address
  subject_hash bytea NOT NULL CHECK (octet_length(subject_hash) = 32),
  user_id     text NOT NULL,
  created_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, provider_id, subject_hash),
  FOREIGN KEY (tenant_id, provider_id) REFERENCES aqueduto.identity_provider,
  FOREIGN KEY (tenant_id, user_id) REFERENCES aqueduto.person
);
SELECT aqueduto.protect_tenant_table('aqueduto.person_identity');

ALTER TABLE aqueduto.api_key
  ADD COLUMN created_by text,
  -- the person who made the key, or the key that made it, and so on: it holds no more than they do now; null = the platform's
  ADD COLUMN user_id text,
  -- null = the whole tenant; else the key sees these partners' rows alone
  ADD COLUMN partner_ids text[] CHECK (cardinality(partner_ids) > 0),
  ADD COLUMN expires_at timestamptz,
  ADD COLUMN ended_at timestamptz,
  ADD COLUMN ended_reason text,
  ADD FOREIGN KEY (tenant_id, user_id) REFERENCES aqueduto.person;

GRANT SELECT, INSERT, UPDATE ON aqueduto.person, aqueduto.person_link, aqueduto.factor, aqueduto.session,
  aqueduto.identity_provider TO aqueduto_app;
GRANT SELECT, INSERT ON aqueduto.person_identity TO aqueduto_app;
-- old challenges are removed a few at a time, with SKIP LOCKED, which needs UPDATE
GRANT SELECT, INSERT, UPDATE, DELETE ON aqueduto.recovery_code, aqueduto.sign_in_failure, aqueduto.sign_in_challenge TO aqueduto_app;
