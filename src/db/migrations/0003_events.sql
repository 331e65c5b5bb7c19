-- Events, deliveries, attempts: from a producer's commit to a partner's webhook.
-- event, delivery and attempt are partitioned by UTC day. Day partitions are made ahead by ensure_event_days (tables named
-- <parent>_dYYYYMMDD, none exist right after migration) and leave by drop_event_day; no row of them is ever deleted.
-- The running platform reaches them through the parents alone, so row security of the parent always holds.

-- one item, in the exact bytes of its producer
CREATE TABLE aqueduto.event (
  tenant_id   text NOT NULL,
  day         date NOT NULL,
  -- time, 50 random bits of its enqueue call, position in the call: ids of one call share 24 characters and sort in its order
  event_id    text NOT NULL,
  type        text NOT NULL CHECK (type ~ '^[a-z][a-z0-9]*(-[a-z0-9]+)*$'),
  mode        text NOT NULL CHECK (mode IN ('live', 'test')),
  -- the producer's idempotency key, and who produced: capture:<base>, callback:<key_id>
  source_key  text NOT NULL,
  source      text NOT NULL,
  body        text NOT NULL CHECK (octet_length(body) BETWEEN 2 AND 65536),
  created_at  timestamptz NOT NULL DEFAULT now(),
  fanned_at   timestamptz,
  -- number of webhooks the fan-out found for it; 0 = it matched nobody
  matched     integer,
  CHECK ((fanned_at IS NULL) = (matched IS NULL)),
  PRIMARY KEY (tenant_id, day, event_id)
) PARTITION BY RANGE (day);
CREATE INDEX event_unfanned ON aqueduto.event (tenant_id, event_id) WHERE fanned_at IS NULL;
SELECT aqueduto.protect_tenant_table('aqueduto.event');

-- once per key: outlives the event's day
CREATE TABLE aqueduto.event_key (
  tenant_id   text NOT NULL,
  type        text NOT NULL,
  key         text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 200),
  body_hash   bytea NOT NULL CHECK (octet_length(body_hash) = 32),
  event_id    text NOT NULL,
  day         date NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  -- 13 months for capture, 7 days for callback keys
  kept_until  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, type, key)
) PARTITION BY HASH (tenant_id, type, key);
DO $$
BEGIN
  FOR i IN 0..7 LOOP
    EXECUTE format('CREATE TABLE aqueduto.event_key_p%s PARTITION OF aqueduto.event_key FOR VALUES WITH (MODULUS 8, REMAINDER %s)', i, i);
  END LOOP;
END $$;
SELECT aqueduto.protect_tenant_table('aqueduto.event_key');

-- an ordered list of events to one webhook. The columns that make the body (type, variant, event_day, event_ids) never change:
-- the platform's role may not update them, nor an event's body
CREATE TABLE aqueduto.delivery (
  tenant_id      text NOT NULL,
  day            date NOT NULL,
  -- the webhook-id header of every attempt
  delivery_id    text NOT NULL,
  webhook_id     text NOT NULL,
  type           text NOT NULL,
  variant        text NOT NULL CHECK (variant IN ('whole', 'thin')),
  -- all of one enqueue call, hence of one day
  event_day      date NOT NULL,
  event_ids      text[] NOT NULL CHECK (cardinality(event_ids) BETWEEN 1 AND 500),
  first_sequence bigint NOT NULL,
  last_sequence  bigint NOT NULL,
  state          text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dead', 'cancelled', 'held')),
  state_reason   text,
  attempts       integer NOT NULL DEFAULT 0,
  -- 0 first try, 1 retry: first tries go before retries
  priority       smallint NOT NULL DEFAULT 0 CHECK (priority IN (0, 1)),
  due_at         timestamptz NOT NULL DEFAULT now(),
  -- the dispatcher run that works on it. The claim holds while that run's row in lease (dispatcher:<run>) has not lapsed,
  -- so a heartbeat costs one update per run and not one per delivery
  claimed_by     text,
  created_at     timestamptz NOT NULL DEFAULT now(),
  ended_at       timestamptz,
  CHECK (last_sequence - first_sequence + 1 = cardinality(event_ids)),
  CHECK ((ended_at IS NOT NULL) = (state IN ('delivered', 'dead', 'cancelled'))),
  CHECK (state = 'pending' OR claimed_by IS NULL),
  PRIMARY KEY (tenant_id, day, delivery_id),
  FOREIGN KEY (tenant_id, webhook_id) REFERENCES aqueduto.webhook
) PARTITION BY RANGE (day);
CREATE INDEX delivery_pending ON aqueduto.delivery (tenant_id, webhook_id, priority, due_at) WHERE state = 'pending';
CREATE INDEX delivery_held ON aqueduto.delivery (tenant_id, webhook_id) WHERE state = 'held';
-- lists of the console, newest first
CREATE INDEX delivery_by_webhook ON aqueduto.delivery (tenant_id, webhook_id, delivery_id);
SELECT aqueduto.protect_tenant_table('aqueduto.delivery');

-- one HTTP try; inserted with its outcome, never changed
CREATE TABLE aqueduto.attempt (
  tenant_id   text NOT NULL,
  day         date NOT NULL,
  attempt_id  text NOT NULL,
  delivery_id text NOT NULL,
  webhook_id  text NOT NULL,
  -- 1 = first
  number      integer NOT NULL CHECK (number >= 1),
  started_at  timestamptz NOT NULL,
  duration_ms integer NOT NULL CHECK (duration_ms >= 0),
  -- HTTP status; null when no answer came
  status      integer,
  outcome     text NOT NULL CHECK (outcome IN ('delivered', 'retry', 'dead', 'cancelled')),
  error_code  text,
  -- beginning of the answer's body, printable text, nothing of the request
  response_excerpt text CHECK (octet_length(response_excerpt) <= 4096),
  -- false when another run had taken the delivery over meanwhile: the try happened but decided nothing
  decisive    boolean NOT NULL DEFAULT true,
  PRIMARY KEY (tenant_id, day, attempt_id)
) PARTITION BY RANGE (day);
CREATE INDEX attempt_by_delivery ON aqueduto.attempt (tenant_id, delivery_id);
SELECT aqueduto.protect_tenant_table('aqueduto.attempt');

-- the next number of each webhook, taken in the fan-out's transaction: dense, from 1
CREATE TABLE aqueduto.webhook_sequence (
  tenant_id   text NOT NULL,
  webhook_id  text NOT NULL,
  next        bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, webhook_id),
  FOREIGN KEY (tenant_id, webhook_id) REFERENCES aqueduto.webhook
) WITH (fillfactor = 50);
SELECT aqueduto.protect_tenant_table('aqueduto.webhook_sequence');

CREATE TABLE aqueduto.webhook_health (
  tenant_id   text NOT NULL,
  webhook_id  text NOT NULL,
  last_success_at timestamptz,
  last_failure_at timestamptz,
  last_error_code text,
  -- since the last success
  failures    bigint NOT NULL DEFAULT 0,
  failing_since timestamptz,
  PRIMARY KEY (tenant_id, webhook_id),
  FOREIGN KEY (tenant_id, webhook_id) REFERENCES aqueduto.webhook
) WITH (fillfactor = 50);
SELECT aqueduto.protect_tenant_table('aqueduto.webhook_health');

-- a signed challenge to a webhook: asked by control, performed by a dispatcher
CREATE TABLE aqueduto.webhook_check (
  tenant_id    text NOT NULL,
  check_id     text NOT NULL,
  webhook_id   text NOT NULL,
  state        text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'running', 'passed', 'failed')),
  requested_at timestamptz NOT NULL DEFAULT now(),
  claimed_by   text,
  finished_at  timestamptz,
  duration_ms  integer,
  status       integer,
  error_code   text,
  CHECK ((finished_at IS NOT NULL) = (state IN ('passed', 'failed'))),
  PRIMARY KEY (tenant_id, check_id),
  FOREIGN KEY (tenant_id, webhook_id) REFERENCES aqueduto.webhook
);
CREATE INDEX webhook_check_open ON aqueduto.webhook_check (requested_at) WHERE state IN ('requested', 'running');
SELECT aqueduto.protect_tenant_table('aqueduto.webhook_check');

GRANT SELECT, INSERT, UPDATE (fanned_at, matched) ON aqueduto.event TO aqueduto_app;
GRANT SELECT, INSERT ON aqueduto.event_key, aqueduto.attempt TO aqueduto_app;
GRANT SELECT, INSERT, UPDATE (state, state_reason, attempts, priority, due_at, claimed_by, ended_at) ON aqueduto.delivery TO aqueduto_app;
GRANT SELECT, INSERT, UPDATE ON aqueduto.webhook_sequence, aqueduto.webhook_health TO aqueduto_app;
GRANT SELECT, INSERT, UPDATE (state, claimed_by, finished_at, duration_ms, status, error_code) ON aqueduto.webhook_check TO aqueduto_app;

-- Makes the partitions of the given days. Cheap when they exist. ATTACH, unlike CREATE ... PARTITION OF, does not
-- stop the traffic of the other days.
CREATE FUNCTION aqueduto.ensure_event_days(p_from date, p_to date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_parent text;
  v_name text;
  v_day date;
  v_made integer := 0;
BEGIN
  IF p_from IS NULL OR p_to IS NULL OR p_to - p_from > 60 THEN
    RAISE EXCEPTION 'at most 60 days at once' USING ERRCODE = '22023';
  END IF;
  FOR v_day IN SELECT generate_series(p_from, p_to, interval '1 day')::date LOOP
    FOREACH v_parent IN ARRAY ARRAY['event', 'delivery', 'attempt'] LOOP
      v_name := v_parent || to_char(v_day, '"_d"YYYYMMDD');
      CONTINUE WHEN to_regclass('aqueduto.' || v_name) IS NOT NULL;
      -- one at a time; and taking a table lock, unlike an advisory one, lets this session see what others have just made
      LOCK TABLE aqueduto.event IN SHARE UPDATE EXCLUSIVE MODE;
      CONTINUE WHEN to_regclass('aqueduto.' || v_name) IS NOT NULL;
      EXECUTE format('CREATE TABLE aqueduto.%I (LIKE aqueduto.%I INCLUDING ALL) WITH (fillfactor = 70)', v_name, v_parent);
      EXECUTE format('ALTER TABLE aqueduto.%I ATTACH PARTITION aqueduto.%I FOR VALUES FROM (%L) TO (%L)', v_parent, v_name, v_day, v_day + 1);
      v_made := v_made + 1;
    END LOOP;
  END LOOP;
  RETURN v_made;
END $$;

-- yesterday to a week ahead (UTC), for the start and the hourly run of a dispatcher
CREATE FUNCTION aqueduto.ensure_event_days() RETURNS integer
LANGUAGE sql AS $$
  SELECT aqueduto.ensure_event_days((now() AT TIME ZONE 'UTC')::date - 1, (now() AT TIME ZONE 'UTC')::date + 7)
$$;
GRANT EXECUTE ON FUNCTION aqueduto.ensure_event_days(date, date), aqueduto.ensure_event_days() TO aqueduto_app;

-- Retention of one day: what still has to be fanned out or delivered moves to today, then the day's three partitions go.
-- Refuses days younger than a week (the retry schedule lasts 76 h). Returns the number of rows moved.
CREATE FUNCTION aqueduto.drop_event_day(p_day date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_today date := (now() AT TIME ZONE 'UTC')::date;
  v_moved bigint := 0;
  v_rows bigint;
  v_parent text;
  -- not a SET clause: only a superuser may create one for a setting of ours
  v_tenant text := current_setting('aqueduto.tenant', true);
BEGIN
  PERFORM set_config('aqueduto.tenant', '*', true);
  IF p_day > v_today - 7 THEN
    RAISE EXCEPTION 'day % is younger than a week', p_day USING ERRCODE = '22023';
  END IF;
  PERFORM aqueduto.ensure_event_days(v_today, v_today);
  UPDATE aqueduto.event e SET day = v_today
   WHERE e.day = p_day AND (e.fanned_at IS NULL OR EXISTS (
     SELECT FROM aqueduto.delivery d
      WHERE d.tenant_id = e.tenant_id AND d.event_day = p_day AND d.state IN ('pending', 'held') AND e.event_id = ANY (d.event_ids)));
  GET DIAGNOSTICS v_moved = ROW_COUNT;
  UPDATE aqueduto.delivery SET event_day = v_today, day = CASE WHEN day = p_day THEN v_today ELSE day END
   WHERE event_day = p_day AND state IN ('pending', 'held');
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  v_moved := v_moved + v_rows;
  UPDATE aqueduto.delivery SET day = v_today WHERE day = p_day AND state IN ('pending', 'held');
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  v_moved := v_moved + v_rows;
  FOREACH v_parent IN ARRAY ARRAY['attempt', 'delivery', 'event'] LOOP
    EXECUTE format('DROP TABLE IF EXISTS aqueduto.%I', v_parent || to_char(p_day, '"_d"YYYYMMDD'));
  END LOOP;
  PERFORM set_config('aqueduto.tenant', coalesce(v_tenant, ''), true);
  RETURN v_moved;
END $$;

-- Keys whose time has passed; at most p_limit at once. Returns how many went.
CREATE FUNCTION aqueduto.purge_event_keys(p_limit integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_rows bigint;
  v_tenant text := current_setting('aqueduto.tenant', true);
BEGIN
  PERFORM set_config('aqueduto.tenant', '*', true);
  DELETE FROM aqueduto.event_key k USING (
    SELECT tenant_id, type, key FROM aqueduto.event_key WHERE kept_until < now() LIMIT p_limit FOR UPDATE SKIP LOCKED) old
   WHERE k.tenant_id = old.tenant_id AND k.type = old.type AND k.key = old.key;
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  PERFORM set_config('aqueduto.tenant', coalesce(v_tenant, ''), true);
  RETURN v_rows;
END $$;
CREATE INDEX event_key_kept_until ON aqueduto.event_key (kept_until);
GRANT EXECUTE ON FUNCTION aqueduto.drop_event_day(date), aqueduto.purge_event_keys(integer) TO aqueduto_eraser;

-- p_width characters of Crockford base32. No SET clause, so that it is inlined: called for every event
CREATE FUNCTION aqueduto.base32(p_value bigint, p_width integer) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT pg_catalog.string_agg(pg_catalog.substr('0123456789abcdefghjkmnpqrstvwxyz', ((p_value >> (5 * (p_width - i))) & 31)::integer + 1, 1), '' ORDER BY i)
    FROM pg_catalog.generate_series(1, p_width) i
$$;

-- Takes events in, inside the caller's transaction: commit = will be delivered, rollback = nothing happened.
-- p_keys[i] is the idempotency key and p_bodies[i] the exact JSON text of item i; all of one type and mode, at most 10,000.
-- Per item, in the order given: created; duplicate (the key came before with the same bytes: event_id of then);
-- conflict (the key came before with other bytes: nothing stored for it, the caller decides whether to roll back).
-- p_source names the producer; 'callback:...' keys are kept 7 days, all others 13 months.
-- Works under row security of that tenant or of '*'. Wakes the fan-out at commit.
CREATE FUNCTION aqueduto.enqueue_events(
  p_tenant text, p_mode text, p_type text, p_keys text[], p_bodies text[], p_source text
) RETURNS TABLE (key text, event_id text, outcome text)
LANGUAGE plpgsql SET search_path = aqueduto, pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_count integer := cardinality(p_keys);
  v_day date := (now() AT TIME ZONE 'UTC')::date;
  v_kept_until timestamptz := now() + CASE WHEN starts_with(p_source, 'callback:') THEN interval '7 days' ELSE interval '13 months' END;
  v_prefix text;
  v_created bigint;
BEGIN
  IF v_count IS NULL OR p_bodies IS NULL OR v_count <> cardinality(p_bodies) OR v_count > 10000 THEN
    RAISE EXCEPTION 'keys and bodies must be arrays of the same length, at most 10,000' USING ERRCODE = '22023';
  END IF;
  IF v_count = 0 THEN
    RETURN;
  END IF;
  IF EXISTS (SELECT FROM unnest(p_bodies) b WHERE json_typeof(b::json) IS DISTINCT FROM 'object') THEN
    RAISE EXCEPTION 'every body must be a JSON object' USING ERRCODE = '22023';
  END IF;
  IF to_regclass('aqueduto.event' || to_char(v_day, '"_d"YYYYMMDD')) IS NULL THEN
    PERFORM aqueduto.ensure_event_days(v_day, v_day);
  END IF;
  -- clock_timestamp, not now(): later calls of one transaction sort later
  v_prefix := 'evt_' || aqueduto.base32((extract(epoch FROM clock_timestamp()) * 1000)::bigint, 10)
    || aqueduto.base32(('x' || substr(md5(gen_random_uuid()::text), 1, 13))::bit(52)::bigint, 10);

  -- keys in order: two calls that share keys cannot deadlock
  WITH input AS MATERIALIZED (
    SELECT u.k, u.b, v_prefix || aqueduto.base32(u.n, 6) AS id FROM unnest(p_keys, p_bodies) WITH ORDINALITY AS u(k, b, n)
  ), fresh AS (
    INSERT INTO event_key (tenant_id, type, key, body_hash, event_id, day, kept_until)
    SELECT p_tenant, p_type, i.k, sha256(convert_to(i.b, 'UTF8')), i.id, v_day, v_kept_until FROM input i ORDER BY i.k, i.id
    ON CONFLICT DO NOTHING
    RETURNING event_key.event_id AS id
  )
  INSERT INTO event (tenant_id, day, event_id, type, mode, source_key, source, body)
  SELECT p_tenant, v_day, i.id, p_type, p_mode, i.k, p_source, i.b FROM input i JOIN fresh f ON f.id = i.id;
  GET DIAGNOSTICS v_created = ROW_COUNT;

  IF v_created > 0 THEN
    PERFORM pg_notify('aqueduto_events', p_tenant);
  END IF;

  -- a statement of its own: it sees the rows of the calls that the insert above waited for
  RETURN QUERY
  SELECT u.k, e.event_id,
         CASE WHEN e.event_id = v_prefix || aqueduto.base32(u.n, 6) THEN 'created'
              WHEN e.body_hash = sha256(convert_to(u.b, 'UTF8')) THEN 'duplicate'
              ELSE 'conflict' END
    FROM unnest(p_keys, p_bodies) WITH ORDINALITY AS u(k, b, n)
    JOIN event_key e ON e.tenant_id = p_tenant AND e.type = p_type AND e.key = u.k
   ORDER BY u.n;
END $$;
GRANT EXECUTE ON FUNCTION aqueduto.base32(bigint, integer), aqueduto.enqueue_events(text, text, text, text[], text[], text) TO aqueduto_app;

-- The dispatcher's hot statements. They are functions so that each session plans them once: planning a statement over all
-- day partitions costs more than running it. Hash and merge joins and scans of whole tables are off because the partition
-- of a young day has no statistics and every row is reached by its key.

-- Webhooks with pending deliveries and the milliseconds until the first of them is due (0 or less: now; null: all of them
-- are claimed by living runs). One index probe per webhook: a long backlog costs no more than a short one.
CREATE FUNCTION aqueduto.pending_webhooks(p_run text) RETURNS TABLE (tenant_id text, webhook_id text, wait_ms float8)
LANGUAGE plpgsql SET search_path = aqueduto, pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH RECURSIVE hook AS (
    (SELECT d.tenant_id, d.webhook_id FROM delivery d WHERE d.state = 'pending' ORDER BY d.tenant_id, d.webhook_id LIMIT 1)
    UNION ALL
    SELECT n.tenant_id, n.webhook_id FROM hook h CROSS JOIN LATERAL (
      SELECT d.tenant_id, d.webhook_id FROM delivery d
       WHERE d.state = 'pending' AND (d.tenant_id, d.webhook_id) > (h.tenant_id, h.webhook_id)
       ORDER BY d.tenant_id, d.webhook_id LIMIT 1) n
  )
  SELECT h.tenant_id, h.webhook_id, (extract(epoch FROM min(due.due_at) - now()) * 1000)::float8
    FROM hook h CROSS JOIN unnest(ARRAY[0, 1]::smallint[]) AS p(priority) LEFT JOIN LATERAL (
      SELECT d.due_at FROM delivery d
       WHERE d.tenant_id = h.tenant_id AND d.webhook_id = h.webhook_id AND d.state = 'pending' AND d.priority = p.priority
         AND aqueduto.claimable(d.claimed_by, p_run)
       ORDER BY d.due_at LIMIT 1) due ON true
   GROUP BY h.tenant_id, h.webhook_id;
END $$;

-- Whether a run may claim what p_claimed_by says: nobody's, or another run's whose lease has lapsed.
CREATE FUNCTION aqueduto.claimable(p_claimed_by text, p_run text) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT p_claimed_by IS NULL OR (p_claimed_by <> p_run AND NOT EXISTS (
    SELECT FROM aqueduto.lease l WHERE l.name = 'dispatcher:' || p_claimed_by AND l.until > now()))
$$;

-- Claims for a run up to p_rooms[i] due deliveries of each webhook and priority, first tries first; rows that another claim
-- is about to take are passed over. bodies: the items in their frozen order; shorter than event_ids when events are gone.
CREATE FUNCTION aqueduto.claim_deliveries(p_run text, p_tenants text[], p_webhooks text[], p_rooms integer[])
RETURNS TABLE (tenant_id text, day date, delivery_id text, webhook_id text, type text, variant text, event_count integer,
  first_sequence bigint, last_sequence bigint, attempts integer, priority smallint, bodies text[])
LANGUAGE plpgsql SET search_path = aqueduto, pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  c record;
BEGIN
  FOR c IN
    SELECT d.* FROM unnest(p_tenants, p_webhooks, p_rooms) AS w(tenant_id, webhook_id, room)
     CROSS JOIN unnest(ARRAY[0, 1]::smallint[]) AS p(priority) CROSS JOIN LATERAL (
       SELECT d.* FROM delivery d
        WHERE d.tenant_id = w.tenant_id AND d.webhook_id = w.webhook_id AND d.state = 'pending' AND d.priority = p.priority
          AND d.due_at <= now() AND aqueduto.claimable(d.claimed_by, p_run)
        ORDER BY d.due_at LIMIT w.room FOR UPDATE OF d SKIP LOCKED) d
  LOOP
    UPDATE delivery d SET claimed_by = p_run WHERE d.tenant_id = c.tenant_id AND d.day = c.day AND d.delivery_id = c.delivery_id;
    SELECT array_agg(e.body ORDER BY i.n) INTO bodies
      FROM unnest(c.event_ids) WITH ORDINALITY AS i(event_id, n) CROSS JOIN LATERAL (
        SELECT e.body FROM event e
         WHERE e.tenant_id = c.tenant_id AND e.day = c.event_day AND e.event_id = i.event_id LIMIT 1) e;
    tenant_id := c.tenant_id; day := c.day; delivery_id := c.delivery_id; webhook_id := c.webhook_id; type := c.type;
    variant := c.variant; event_count := cardinality(c.event_ids); first_sequence := c.first_sequence;
    last_sequence := c.last_sequence; attempts := c.attempts; priority := c.priority; bodies := coalesce(bodies, '{}');
    RETURN NEXT;
  END LOOP;
END $$;

-- Writes what tries decided. A delivery that another run has taken over meanwhile keeps what that run gave it; the try's
-- row then says that it decided nothing. May be repeated with the same rows.
CREATE FUNCTION aqueduto.settle_deliveries(p_run text, p_rows jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = aqueduto, pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
  s record;
  v_day date;
BEGIN
  FOR s IN
    SELECT * FROM jsonb_to_recordset(p_rows) AS r(tenant_id text, day date, delivery_id text, webhook_id text, state text, reason text,
      delay_ms float8, attempt_id text, number integer, started_at timestamptz, duration_ms integer, status integer, outcome text,
      error_code text, excerpt text)
  LOOP
    -- retention may have moved it to another day since it was claimed
    v_day := coalesce(
      (SELECT d.day FROM delivery d WHERE d.tenant_id = s.tenant_id AND d.day = s.day AND d.delivery_id = s.delivery_id),
      (SELECT d.day FROM delivery d WHERE d.tenant_id = s.tenant_id AND d.webhook_id = s.webhook_id AND d.delivery_id = s.delivery_id));
    UPDATE delivery d SET state = s.state, state_reason = s.reason, claimed_by = NULL,
           attempts = d.attempts + CASE WHEN s.attempt_id IS NULL THEN 0 ELSE 1 END,
           priority = CASE WHEN s.attempt_id IS NULL THEN d.priority ELSE 1 END,
           due_at = CASE WHEN s.delay_ms IS NULL THEN d.due_at ELSE now() + s.delay_ms * interval '1 millisecond' END,
           ended_at = CASE WHEN s.state IN ('delivered', 'dead', 'cancelled') THEN now() END
     WHERE d.tenant_id = s.tenant_id AND d.day = v_day AND d.delivery_id = s.delivery_id
       AND d.claimed_by = p_run AND d.state = 'pending';
    IF s.attempt_id IS NOT NULL THEN
      INSERT INTO attempt (tenant_id, day, attempt_id, delivery_id, webhook_id, number, started_at, duration_ms, status, outcome,
        error_code, response_excerpt, decisive)
      VALUES (s.tenant_id, (now() AT TIME ZONE 'UTC')::date, s.attempt_id, s.delivery_id, s.webhook_id, s.number, s.started_at,
        s.duration_ms, s.status, s.outcome, s.error_code, s.excerpt, FOUND)
      ON CONFLICT DO NOTHING;
    END IF;
  END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION aqueduto.pending_webhooks(text), aqueduto.claimable(text, text),
  aqueduto.claim_deliveries(text, text[], text[], integer[]), aqueduto.settle_deliveries(text, jsonb) TO aqueduto_app;
