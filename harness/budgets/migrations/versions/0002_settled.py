"""A call whose reservation is not there is booked in the ledger all the same."""

from importlib import import_module

from alembic import op

revision = "0002"
down_revision = "0001"

UP = """
-- Which calls were settled, of the last day: a repeated statement must not book one twice.
CREATE TABLE harness_budgets.settled (id text PRIMARY KEY, at timestamptz NOT NULL);
CREATE INDEX settled_at ON harness_budgets.settled (at);

-- Replace what a call reserved by what it used. If nothing is reserved, although the call was not
-- settled before, an older copy of the tables was restored: the ledger has it all the same.
CREATE OR REPLACE FUNCTION harness_budgets.settle(
  _id text, _run text, _model text, _agent text, _session text, _owner text, _input bigint,
  _cached bigint, _output bigint, _cost bigint, _estimated boolean
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  h harness_budgets.held;
BEGIN
  INSERT INTO harness_budgets.settled VALUES (_id, clock_timestamp()) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RETURN;  -- the statement was repeated
  END IF;
  DELETE FROM harness_budgets.settled WHERE at < clock_timestamp() - interval '1 day';
  FOR h IN SELECT * FROM harness_budgets.held WHERE id = _id ORDER BY key LOOP
    PERFORM FROM harness_budgets.account WHERE key = h.key AND day = h.day FOR UPDATE;
    DELETE FROM harness_budgets.held WHERE id = h.id AND key = h.key;
    CONTINUE WHEN NOT FOUND;
    UPDATE harness_budgets.account SET spent_tokens = spent_tokens + _input + _output,
      spent_cost = spent_cost + coalesce(_cost, 0), calls = calls + (_input + _output > 0)::int
      WHERE key = h.key AND day = h.day;
  END LOOP;
  IF _input + _output > 0 THEN
    PERFORM harness_budgets.book(_run, _model, _agent, _session, _owner, _input, _cached, _output,
      _cost, _estimated);
  END IF;
END $$;
"""

DOWN = """
DROP FUNCTION harness_budgets.settle, harness_budgets.grant_more;
DROP TABLE harness_budgets.settled;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    first = import_module("harness.budgets.migrations.versions.0001_budgets")
    for each in (DOWN, first.SETTLE):
        op.execute(each)
