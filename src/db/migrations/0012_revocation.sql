-- Revocations that nodes recorded themselves, to be found among all calls when the journal has brought them home.
CREATE INDEX access_entry_node_revoked ON aqueduto.access_entry (tenant_id, token_id) WHERE clause = 'node-revoked';
