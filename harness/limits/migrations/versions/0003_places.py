"""Calls that Temporal repeats later keep their places, and figures of providers are bounded."""

from importlib import import_module

from alembic import op

revision = "0003"
down_revision = "0002"

# `asks`: when Temporal repeats a call whose worker no longer waits; null while the worker asks.
PLACES = """
ALTER TABLE harness_limits.waiting ADD COLUMN asks timestamptz;

CREATE FUNCTION harness_limits.is_kept(w harness_limits.waiting, _at timestamptz)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN w.asks IS NULL THEN w.seen > _at - interval '6 s'
    ELSE w.asks > _at - interval '15 s' END
$$;

-- Let a call rest until it is repeated: it keeps its place meanwhile.
CREATE FUNCTION harness_limits.rest(_place text, _seconds float8)
RETURNS void LANGUAGE sql AS $$
  UPDATE harness_limits.waiting SET asks = clock_timestamp() + make_interval(secs => _seconds)
    WHERE place = _place
$$;

-- End calls of dead workers, and of earlier attempts: all that they reserved counts as used.
CREATE OR REPLACE FUNCTION harness_limits.end_lost(
  _keys text[], _place text, _attempt integer, _at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE gone harness_limits.held;
BEGIN
  FOR gone IN
    DELETE FROM harness_limits.held h WHERE quota = ANY(_keys) AND (
      (place = _place AND attempt < _attempt)
      OR NOT EXISTS (SELECT FROM harness_limits.holder
                     WHERE id = h.holder AND seen > _at - interval '15 s'))
    RETURNING *
  LOOP
    PERFORM harness_limits.spend(gone.quota, _at, 0, gone.output);
  END LOOP;
  DELETE FROM harness_limits.waiting
    WHERE quota = ANY(_keys) AND greatest(seen, asks) < _at - interval '15 min';
END $$;
"""

RESERVE = """
DROP FUNCTION harness_limits.reserve;

CREATE FUNCTION harness_limits.reserve(
  _id text, _holder text, _place text, _attempt integer, _run text, _owner text, _what text,
  _priority integer, _keys text[], _requests bigint[], _tokens bigint[], _widths bigint[],
  _estimate bigint, _output bigint, _window float8,
  OUT blocked text, OUT wait_s float8, OUT ahead bigint, OUT lower text
) LANGUAGE plpgsql AS $$
DECLARE
  q harness_limits.quota;
  t timestamptz;
  own harness_limits.waiting;
  turn timestamptz;
  most_requests bigint; most_tokens bigint;
  used_requests bigint; used_tokens bigint; held_tokens bigint; in_use bigint;
  before_tokens bigint; need_tokens bigint; need_requests bigint;
  inputs bigint[]; outputs bigint[]; free_requests bigint[]; free_tokens bigint[];
  limits_requests bigint[]; limits_tokens bigint[];
  mine bigint; delay float8; waits bigint; awake bigint; due_back bigint; stop text;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  IF EXISTS (SELECT FROM harness_limits.held WHERE id = _id) THEN
    wait_s := 0; ahead := 0;
    RETURN;  -- the statement was repeated
  END IF;
  FOR i IN 1 .. cardinality(_keys) LOOP
    SELECT * INTO q FROM harness_limits.quota WHERE key = _keys[i] FOR UPDATE;
    IF NOT FOUND THEN
      INSERT INTO harness_limits.quota (key) VALUES (_keys[i]) ON CONFLICT DO NOTHING;
      PERFORM FROM harness_limits.quota WHERE key = _keys[i] FOR UPDATE;
    END IF;
  END LOOP;
  t := clock_timestamp();
  IF NOT EXISTS (
    SELECT FROM harness_limits.holder WHERE id = _holder AND seen > t - interval '2 s'
  ) THEN
    INSERT INTO harness_limits.holder VALUES (_holder, t)
      ON CONFLICT (id) DO UPDATE SET seen = excluded.seen;
    DELETE FROM harness_limits.holder WHERE seen < t - interval '1 day';
  END IF;
  PERFORM harness_limits.end_lost(_keys, _place, _attempt, t);
  SELECT * INTO own FROM harness_limits.waiting WHERE place = _place;
  IF FOUND THEN
    turn := own.due;
  ELSE
    turn := t + make_interval(secs => 20.0 * (_priority - 3) + 5.0 * (
      (SELECT count(*) FROM harness_limits.waiting WHERE run = _run AND quota = ANY(_keys))
      + (SELECT count(*) FROM harness_limits.held WHERE run = _run AND quota = _keys[1])));
  END IF;
  wait_s := 0; ahead := 0;
  FOR i IN 1 .. cardinality(_keys) LOOP
    SELECT * INTO q FROM harness_limits.quota WHERE key = _keys[i];
    most_requests := least(_requests[i],
      CASE WHEN q.reported > t - interval '10 min' THEN q.reported_requests END);
    most_tokens := least(_tokens[i],
      CASE WHEN q.reported > t - interval '10 min' THEN q.reported_tokens END);
    -- One percent is left for calls that are late on the way, and for estimates that are too low.
    most_requests := CASE WHEN _requests[i] > 0 THEN most_requests - most_requests / 100 END;
    most_tokens := CASE WHEN _tokens[i] > 0 THEN most_tokens - most_tokens / 100 END;
    SELECT coalesce(sum(requests), 0), coalesce(sum(tokens), 0) INTO used_requests, used_tokens
      FROM harness_limits.spent
      WHERE quota = q.key AND second > extract(epoch FROM t) - _window - 3;
    SELECT count(*), coalesce(sum(output), 0) INTO in_use, held_tokens
      FROM harness_limits.held WHERE quota = q.key;
    IF q.reported < t - make_interval(secs => _window) THEN
      q.others_requests := 0; q.others_tokens := 0;
    END IF;
    -- Ahead are calls that wait for this limit, and whose turn comes first. One that its worker
    -- asks for is forgotten after 6 s without a question, one that Temporal repeats later is kept
    -- until 15 s after that time: its run may have been aborted.
    SELECT count(*), coalesce(sum(tokens), 0), count(*) FILTER (WHERE asks IS NULL),
        count(*) FILTER (WHERE asks < t + interval '2 s')
      INTO waits, before_tokens, awake, due_back FROM harness_limits.waiting w
      WHERE quota = q.key AND due < turn AND place <> _place AND harness_limits.is_kept(w, t);
    inputs[i] := ceil(_estimate * q.scale);
    outputs[i] := coalesce(_output, ceil(q.longest));
    mine := inputs[i] + outputs[i];
    IF mine > most_tokens THEN  -- larger than the whole limit: it waits until nothing else counts
      outputs[i] := greatest(0, most_tokens - inputs[i]);
      inputs[i] := least(inputs[i], most_tokens);
      mine := most_tokens;
    END IF;
    limits_requests[i] := most_requests;
    limits_tokens[i] := most_tokens;
    free_requests[i] := most_requests - used_requests - 1;
    free_tokens[i] := most_tokens - used_tokens - held_tokens - mine;
    need_requests := q.others_requests + waits - free_requests[i];
    need_tokens := q.others_tokens + before_tokens - free_tokens[i];
    IF need_tokens > 0 AND used_tokens + held_tokens + before_tokens = 0 THEN
      need_tokens := 0;  -- nothing of ours counts, so waiting would free nothing
    END IF;
    delay := extract(epoch FROM q.closed_until - t);
    IF need_requests > 0 OR need_tokens > 0 THEN
      delay := greatest(delay, coalesce((
        SELECT min(second) + _window + 3 - extract(epoch FROM t) FROM (
          SELECT second, sum(s.requests) OVER past AS requests, sum(s.tokens) OVER past AS tokens
          FROM harness_limits.spent s
          WHERE quota = q.key AND second > extract(epoch FROM t) - _window - 3
          WINDOW past AS (ORDER BY second)
        ) freed
        WHERE coalesce(requests >= need_requests, true) AND coalesce(tokens >= need_tokens, true)
      ), _window));
      IF need_requests <= 0 AND need_tokens - held_tokens <= 0 THEN
        delay := least(delay, 1.0);  -- calls in progress may use less than they reserved
      END IF;
    END IF;
    -- What calls that are repeated later need is kept for them, but they hold up nobody else.
    IF awake > 0 OR in_use + due_back >= _widths[i] THEN
      delay := greatest(delay, 0.1 * (waits + 1));
    END IF;
    IF delay > 0 AND delay > wait_s THEN
      stop := q.key; wait_s := delay; ahead := waits;
      lower := CASE WHEN q.reported > t - interval '10 min' THEN nullif(concat_ws(' and ',
        CASE WHEN q.reported_requests < _requests[i] THEN q.reported_requests || ' requests' END,
        CASE WHEN q.reported_tokens < _tokens[i] THEN q.reported_tokens || ' tokens' END), '') END;
    END IF;
  END LOOP;
  IF stop IS NOT NULL THEN
    blocked := stop;
    INSERT INTO harness_limits.waiting AS w
      VALUES (_place, stop, _run, _owner, _what, _priority, mine, t, turn, t)
      ON CONFLICT (place) DO UPDATE SET quota = stop, seen = t, tokens = excluded.tokens,
        asks = NULL;
    RETURN;
  END IF;
  DELETE FROM harness_limits.waiting WHERE place = _place;
  FOR i IN 1 .. cardinality(_keys) LOOP
    INSERT INTO harness_limits.held VALUES (
      _id, _keys[i], _holder, _place, _attempt, _run, _owner, _what, t, _estimate,
      inputs[i], outputs[i],
      limits_requests[i], free_requests[i], limits_tokens[i], free_tokens[i]);
    PERFORM harness_limits.spend(_keys[i], t, 1, inputs[i]);
    DELETE FROM harness_limits.spent
      WHERE quota = _keys[i] AND second < extract(epoch FROM t) - _window - 60;
    UPDATE harness_limits.quota SET granted = granted + 1,
      waited = waited + (own.place IS NOT NULL)::int,
      waited_s = waited_s + coalesce(extract(epoch FROM t - own.since), 0)
      WHERE key = _keys[i];
  END LOOP;
END $$;
"""

# An answer without a limit of its own reserves as much as the longest one that was counted, so that
# one false figure could stop all calls.
SETTLE = """
CREATE OR REPLACE FUNCTION harness_limits.settle(
  _id text, _input bigint, _output bigint, _exact boolean, _refused boolean, _closed_s float8,
  _most_requests bigint, _left_requests bigint, _most_tokens bigint, _left_tokens bigint
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  h harness_limits.held;
  t timestamptz;
  ratio float8;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  FOR h IN SELECT * FROM harness_limits.held WHERE id = _id ORDER BY quota COLLATE "C" LOOP
    PERFORM FROM harness_limits.quota WHERE key = h.quota FOR UPDATE;
    t := clock_timestamp();
    DELETE FROM harness_limits.held WHERE id = h.id AND quota = h.quota;
    CONTINUE WHEN NOT FOUND;  -- counted as lost meanwhile
    PERFORM harness_limits.spend(h.quota, h.since, 0, coalesce(_input, h.input) - h.input);
    PERFORM harness_limits.spend(h.quota, t, 0, coalesce(_output, h.output));
    ratio := CASE WHEN _exact AND h.estimate > 0
      THEN greatest(0.25, least(4, _input::float8 / h.estimate)) END;
    UPDATE harness_limits.quota SET
      scale = CASE WHEN ratio > scale THEN ratio
        ELSE coalesce(scale * 0.95 + ratio * 0.05, scale) END,
      longest = CASE WHEN NOT _exact THEN longest
        ELSE least(greatest(_output, longest * 0.99, 1), 1000000) END,
      refused = refused + _refused::int,
      closed_until = greatest(closed_until, t + make_interval(secs => _closed_s)),
      reported = CASE WHEN coalesce(_most_requests, _left_requests, _most_tokens, _left_tokens)
        IS NULL THEN reported ELSE t END,
      reported_requests = coalesce(_most_requests, reported_requests),
      reported_tokens = coalesce(_most_tokens, reported_tokens),
      others_requests = greatest(0, coalesce(h.left_requests - _left_requests
        - greatest(0, h.most_requests - _most_requests), 0)),
      others_tokens = greatest(0, coalesce(h.left_tokens - _left_tokens
        - greatest(0, h.most_tokens - _most_tokens), 0))
      WHERE key = h.quota;
  END LOOP;
END $$;
"""

DOWN = """
DROP FUNCTION harness_limits.reserve, harness_limits.settle, harness_limits.end_lost,
  harness_limits.spend, harness_limits.is_kept, harness_limits.rest;
ALTER TABLE harness_limits.waiting DROP COLUMN asks;
"""


def upgrade() -> None:
    for each in (PLACES, RESERVE, SETTLE):
        op.execute(each)


def downgrade() -> None:
    first = import_module("harness.limits.migrations.versions.0001_limits")
    for each in (DOWN, first.HELPERS, first.RESERVE, first.SETTLE):
        op.execute(each)
