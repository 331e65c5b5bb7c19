-- Limits that are exact across nodes: the quotas of a license where the gateway reads them, shares of all rates, counts used.

SELECT set_config('aqueduto.tenant', '*', true);

-- calls in all of the license, by the tenant's calendar; null = none
ALTER TABLE aqueduto.license
  ADD COLUMN quota_day   bigint CHECK (quota_day > 0),
  ADD COLUMN quota_month bigint CHECK (quota_month > 0);
UPDATE aqueduto.license l
   SET quota_day = (v.content ->> 'quota_day')::bigint, quota_month = (v.content ->> 'quota_month')::bigint
  FROM aqueduto.license_version v
 WHERE (v.tenant_id, v.license_id, v.version) = (l.tenant_id, l.license_id, l.version) AND v.state = 'published';

-- Every node's part of every rate: ranges of the line 0..5040, which never overlap while they are reserved.
-- Written under an advisory lock; a row stays reserved for a node that is cut off, as long as it may still serve.
CREATE TABLE aqueduto.limit_share (
  node_id        text PRIMARY KEY,
  from_part      integer NOT NULL CHECK (from_part BETWEEN 0 AND 5040),
  to_part        integer NOT NULL CHECK (to_part BETWEEN from_part AND 5040),
  reserved_until timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON aqueduto.limit_share TO aqueduto_app;

-- Calls of a quota that nodes have taken in slices; what a node holds unused counts as used.
CREATE TABLE aqueduto.quota_use (
  tenant_id text NOT NULL REFERENCES aqueduto.tenant,
  -- the license, or the publishable access that has a quota of its own
  holder    text NOT NULL,
  kind      text NOT NULL CHECK (kind IN ('day', 'month')),
  -- first day of the period in the tenant's time zone
  starts_on date NOT NULL,
  leased    bigint NOT NULL CHECK (leased >= 0),
  PRIMARY KEY (tenant_id, holder, kind, starts_on)
);
SELECT aqueduto.protect_tenant_table('aqueduto.quota_use');
GRANT SELECT, INSERT, UPDATE, DELETE ON aqueduto.quota_use TO aqueduto_app;
