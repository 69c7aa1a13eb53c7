"""The tables of shared budgets, and the functions that reserve, settle and grant."""

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
-- A budget, for good (`day` is empty) or for a day of UTC. `tokens`, `cost`, `seconds`: the limits
-- as the newest call named them, before what was granted. `grants` counts the grants, so that the
-- same question, asked of many, is answered once.
CREATE TABLE harness_budgets.account (
  key text COLLATE "C" NOT NULL,
  day text NOT NULL,
  owner text,
  opened timestamptz NOT NULL,
  used timestamptz NOT NULL,
  tokens bigint,
  cost bigint,
  seconds float8,
  granted_tokens bigint NOT NULL DEFAULT 0,
  granted_cost bigint NOT NULL DEFAULT 0,
  granted_seconds float8 NOT NULL DEFAULT 0,
  spent_tokens bigint NOT NULL DEFAULT 0,
  spent_cost bigint NOT NULL DEFAULT 0,
  calls bigint NOT NULL DEFAULT 0,
  grants integer NOT NULL DEFAULT 0,
  PRIMARY KEY (key, day)
);
CREATE INDEX account_used ON harness_budgets.account (used);
CREATE INDEX account_owner ON harness_budgets.account (owner, used);
-- Which budget the runs at the top use: the runs that they start as tools use the same.
CREATE TABLE harness_budgets.member (run text PRIMARY KEY, key text NOT NULL);
-- A worker process, as long as it says that it lives.
CREATE TABLE harness_budgets.holder (id text PRIMARY KEY, seen timestamptz NOT NULL);
-- What a call has reserved. `lost`: its worker died, or another attempt took its place. The
-- provider may have charged for it, so it counts as spent until its worker settles it after all.
CREATE TABLE harness_budgets.held (
  id text NOT NULL,
  key text COLLATE "C" NOT NULL,
  day text NOT NULL,
  holder text NOT NULL,
  place text NOT NULL,
  attempt integer NOT NULL,
  run text NOT NULL,
  since timestamptz NOT NULL,
  tokens bigint NOT NULL,
  cost bigint NOT NULL,
  output bigint NOT NULL,
  lost boolean NOT NULL DEFAULT false,
  PRIMARY KEY (id, key)
);
CREATE INDEX held_account ON harness_budgets.held (key, day);
-- A run that waits because a budget was used up, after so many grants.
CREATE TABLE harness_budgets.parked (
  run text NOT NULL,
  key text COLLATE "C" NOT NULL,
  day text NOT NULL,
  grants integer NOT NULL,
  since timestamptz NOT NULL,
  PRIMARY KEY (run, key)
);
CREATE INDEX parked_account ON harness_budgets.parked (key, day);
-- What was spent, for a run, a model and a day. It outlives the runs.
CREATE TABLE harness_budgets.spending (
  day date NOT NULL,
  run text NOT NULL,
  model text NOT NULL,
  agent text NOT NULL,
  session text,
  owner text,
  calls bigint NOT NULL,
  input bigint NOT NULL,
  cached bigint NOT NULL,
  output bigint NOT NULL,
  cost bigint NOT NULL,
  unpriced bigint NOT NULL,
  estimated bigint NOT NULL,
  PRIMARY KEY (day, run, model)
);
CREATE INDEX spending_agent ON harness_budgets.spending (agent, day);
CREATE INDEX spending_owner ON harness_budgets.spending (owner, day);
"""

# A function, so that each statement in it sees what was committed before the rows of the budgets
# were locked: see the one of limits. Unlike there, commits reach the disk: money is not estimated.
RESERVE = """
CREATE FUNCTION harness_budgets.reserve(
  _id text, _holder text, _place text, _attempt integer, _run text, _top text,
  _keys text[], _daily boolean[], _owners text[], _tokens bigint[], _costs bigint[],
  _seconds float8[], _input bigint, _input_cost bigint, _output_price float8,
  _most bigint, _enough bigint, _useful bigint, _last boolean,
  OUT state text, OUT output bigint, OUT stop text, OUT used_tokens bigint, OUT most_tokens bigint,
  OUT used_cost bigint, OUT most_cost bigint, OUT used_seconds float8, OUT most_seconds float8
) LANGUAGE plpgsql AS $$
DECLARE
  a harness_budgets.account;
  t timestamptz := clock_timestamp();
  today text := to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD');
  days text[];
  held_tokens bigint; held_cost bigint; lost_tokens bigint; lost_cost bigint;
  free_tokens bigint; free_cost bigint; room bigint; room_now bigint;
  waits boolean := false;
BEGIN
  SELECT 'granted', h.output INTO state, output FROM harness_budgets.held h WHERE id = _id LIMIT 1;
  IF FOUND THEN
    RETURN;  -- the statement was repeated
  END IF;
  FOR i IN 1 .. cardinality(_keys) LOOP
    days[i] := CASE WHEN _daily[i] THEN today ELSE '' END;
    INSERT INTO harness_budgets.account AS o
      (key, day, owner, opened, used, tokens, cost, seconds)
      VALUES (_keys[i], days[i], _owners[i], t, t, _tokens[i], _costs[i], _seconds[i])
      ON CONFLICT (key, day) DO UPDATE SET used = t,
        tokens = CASE WHEN excluded.tokens IS NULL AND excluded.cost IS NULL
          AND excluded.seconds IS NULL THEN o.tokens ELSE excluded.tokens END,
        cost = CASE WHEN excluded.tokens IS NULL AND excluded.cost IS NULL
          AND excluded.seconds IS NULL THEN o.cost ELSE excluded.cost END,
        seconds = CASE WHEN excluded.tokens IS NULL AND excluded.cost IS NULL
          AND excluded.seconds IS NULL THEN o.seconds ELSE excluded.seconds END;
  END LOOP;
  t := clock_timestamp();
  IF NOT EXISTS (
    SELECT FROM harness_budgets.holder WHERE id = _holder AND seen > t - interval '2 s'
  ) THEN
    INSERT INTO harness_budgets.holder VALUES (_holder, t)
      ON CONFLICT (id) DO UPDATE SET seen = excluded.seen;
  END IF;
  IF _top IS NOT NULL THEN
    INSERT INTO harness_budgets.member VALUES (_run, _top) ON CONFLICT DO NOTHING;
  END IF;
  output := _most;
  FOR i IN 1 .. cardinality(_keys) LOOP
    UPDATE harness_budgets.held h SET lost = true WHERE key = _keys[i] AND day = days[i]
      AND NOT lost AND ((place = _place AND attempt < _attempt) OR NOT EXISTS (
        SELECT FROM harness_budgets.holder WHERE id = h.holder AND seen > t - interval '15 s'));
    SELECT * INTO a FROM harness_budgets.account WHERE key = _keys[i] AND day = days[i];
    SELECT coalesce(sum(tokens) FILTER (WHERE NOT lost), 0),
        coalesce(sum(cost) FILTER (WHERE NOT lost), 0),
        coalesce(sum(tokens) FILTER (WHERE lost), 0), coalesce(sum(cost) FILTER (WHERE lost), 0)
      INTO held_tokens, held_cost, lost_tokens, lost_cost
      FROM harness_budgets.held WHERE key = _keys[i] AND day = days[i];
    -- A twentieth is kept for last turns.
    free_tokens := a.tokens + a.granted_tokens - a.spent_tokens - lost_tokens
      - CASE WHEN _last THEN 0 ELSE least(a.tokens / 20, 4000) END;
    free_cost := a.cost + a.granted_cost - a.spent_cost - lost_cost
      - CASE WHEN _last THEN 0 ELSE a.cost / 20 END;
    room := least(free_tokens - _input, harness_budgets.affordable(
      free_cost - _input_cost, _output_price));
    room_now := least(free_tokens - held_tokens - _input, harness_budgets.affordable(
      free_cost - held_cost - _input_cost, _output_price));
    used_seconds := extract(epoch FROM t - a.opened);
    IF coalesce(room < _useful, false)
        OR coalesce(used_seconds >= a.seconds + a.granted_seconds, false) AND NOT _last THEN
      state := 'reached'; stop := _keys[i]; output := 0;
      used_tokens := a.spent_tokens + lost_tokens; most_tokens := a.tokens + a.granted_tokens;
      used_cost := a.spent_cost + lost_cost; most_cost := a.cost + a.granted_cost;
      most_seconds := a.seconds + a.granted_seconds;
      INSERT INTO harness_budgets.parked VALUES (_run, _keys[i], days[i], a.grants, t)
        ON CONFLICT (run, key) DO UPDATE SET day = days[i], grants = a.grants, since = t;
      RETURN;
    END IF;
    IF room_now < least(_enough, room) THEN
      waits := true; stop := _keys[i];  -- calls in progress may use less than they reserved
    ELSE
      output := least(output, room_now);
    END IF;
  END LOOP;
  IF waits THEN
    state := 'waits'; output := 0;
    RETURN;
  END IF;
  FOR i IN 1 .. cardinality(_keys) LOOP
    INSERT INTO harness_budgets.held VALUES (
      _id, _keys[i], days[i], _holder, _place, _attempt, _run, t, _input + output,
      _input_cost + ceil(output * _output_price), output);
  END LOOP;
  DELETE FROM harness_budgets.parked WHERE run = _run;
  state := 'granted'; stop := NULL;
END $$;
"""

HELPERS = """
-- How many tokens of output an amount pays for; null: any number.
CREATE FUNCTION harness_budgets.affordable(_cost bigint, _price float8)
RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN _cost < 0 THEN -1 WHEN _price > 0 THEN floor(_cost / _price)::bigint END
$$;

CREATE FUNCTION harness_budgets.book(
  _run text, _model text, _agent text, _session text, _owner text, _input bigint, _cached bigint,
  _output bigint, _cost bigint, _estimated boolean
) RETURNS void LANGUAGE sql AS $$
  INSERT INTO harness_budgets.spending AS s VALUES (
    (clock_timestamp() AT TIME ZONE 'UTC')::date, _run, _model, _agent, _session, _owner,
    1, _input, _cached, _output, coalesce(_cost, 0), (_cost IS NULL)::int, _estimated::int)
  ON CONFLICT (day, run, model) DO UPDATE SET calls = s.calls + 1, input = s.input + _input,
    cached = s.cached + _cached, output = s.output + _output,
    cost = s.cost + coalesce(_cost, 0), unpriced = s.unpriced + (_cost IS NULL)::int,
    estimated = s.estimated + _estimated::int
$$;
"""

SETTLE = """
-- Replace what a call reserved by what it used.
CREATE FUNCTION harness_budgets.settle(
  _id text, _run text, _model text, _agent text, _session text, _owner text, _input bigint,
  _cached bigint, _output bigint, _cost bigint, _estimated boolean
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  h harness_budgets.held;
  booked boolean := false;
BEGIN
  FOR h IN SELECT * FROM harness_budgets.held WHERE id = _id ORDER BY key LOOP
    PERFORM FROM harness_budgets.account WHERE key = h.key AND day = h.day FOR UPDATE;
    DELETE FROM harness_budgets.held WHERE id = h.id AND key = h.key;
    CONTINUE WHEN NOT FOUND;
    UPDATE harness_budgets.account SET spent_tokens = spent_tokens + _input + _output,
      spent_cost = spent_cost + coalesce(_cost, 0), calls = calls + (_input + _output > 0)::int
      WHERE key = h.key AND day = h.day;
    IF NOT booked AND _input + _output > 0 THEN
      PERFORM harness_budgets.book(_run, _model, _agent, _session, _owner, _input, _cached,
        _output, _cost, _estimated);
      booked := true;
    END IF;
  END LOOP;
END $$;

-- Grant more. `_again`: as much again as the budget had at first. `_after`: only if nobody has
-- granted more since then.
CREATE FUNCTION harness_budgets.grant_more(
  _key text, _day text, _after integer, _tokens bigint, _cost bigint, _seconds float8,
  _again boolean
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  UPDATE harness_budgets.account SET grants = grants + 1,
    granted_tokens = granted_tokens + coalesce(CASE WHEN _again THEN tokens ELSE _tokens END, 0),
    granted_cost = granted_cost + coalesce(CASE WHEN _again THEN cost ELSE _cost END, 0),
    granted_seconds = granted_seconds + coalesce(  -- from now
      greatest(0, extract(epoch FROM clock_timestamp() - opened) - seconds - granted_seconds)
      + CASE WHEN _again THEN seconds ELSE _seconds END, 0)
    WHERE key = _key AND day = _day AND (_after IS NULL OR grants = _after);
  RETURN FOUND;
END $$;
"""

DOWN = """
DROP FUNCTION harness_budgets.reserve, harness_budgets.settle, harness_budgets.grant_more,
  harness_budgets.book, harness_budgets.affordable;
DROP TABLE harness_budgets.spending, harness_budgets.parked, harness_budgets.held,
  harness_budgets.holder, harness_budgets.member, harness_budgets.account;
"""


def upgrade() -> None:
    for each in (TABLES, HELPERS, RESERVE, SETTLE):
        op.execute(each)


def downgrade() -> None:
    op.execute(DOWN)
