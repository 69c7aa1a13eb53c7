"""The tables of subjects and invariants, and of what their queries returned."""

from alembic import op

revision = "0001"
down_revision = None

UP = """
CREATE TABLE harness_care.subject (
  name text PRIMARY KEY,
  folder text NOT NULL,
  definition jsonb NOT NULL,
  digest text NOT NULL,
  added_by text NOT NULL,
  added timestamptz NOT NULL DEFAULT now()
);

-- The invariants of a definition have by = NULL: they come and go with it.
CREATE TABLE harness_care.invariant (
  subject text NOT NULL REFERENCES harness_care.subject ON DELETE CASCADE,
  name text NOT NULL,
  definition jsonb NOT NULL,
  by text,
  added timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (subject, name)
);

CREATE TABLE harness_care.judgement (
  subject text NOT NULL,
  name text NOT NULL,
  state text NOT NULL,
  at float8 NOT NULL,
  since float8 NOT NULL,
  violated_since float8,
  value float8,
  message text NOT NULL DEFAULT '',
  PRIMARY KEY (subject, name),
  FOREIGN KEY (subject, name) REFERENCES harness_care.invariant ON DELETE CASCADE
) WITH (fillfactor = 50);

-- The newest values of each invariant, for small plots: slot is the number of the evaluation modulo
-- the number of values that are kept, so old ones are replaced and nothing has to be deleted.
CREATE TABLE harness_care.sample (
  subject text NOT NULL,
  name text NOT NULL,
  slot smallint NOT NULL,
  at float8 NOT NULL,
  value float8,
  state text NOT NULL,
  PRIMARY KEY (subject, name, slot),
  FOREIGN KEY (subject, name) REFERENCES harness_care.invariant ON DELETE CASCADE
) WITH (fillfactor = 50);

-- A silence: its invariants open no tickets meanwhile. Without a name: all of the subject.
CREATE TABLE harness_care.silence (
  id text PRIMARY KEY,
  subject text NOT NULL REFERENCES harness_care.subject ON DELETE CASCADE,
  name text,
  until timestamptz NOT NULL,
  reason text NOT NULL,
  by text NOT NULL,
  added timestamptz NOT NULL DEFAULT now()
);

-- A copy of what the workflows of tickets know, for lists. `id` is the fingerprint of the cause.
CREATE TABLE harness_care.ticket (
  id text PRIMARY KEY,
  subject text NOT NULL,
  invariant text,
  title text NOT NULL,
  severity text NOT NULL,
  state text NOT NULL DEFAULT 'open',
  opened_by text NOT NULL,
  opened timestamptz NOT NULL DEFAULT now(),
  changed timestamptz NOT NULL DEFAULT now(),
  -- How often it was reported, and when last.
  count bigint NOT NULL DEFAULT 1,
  seen timestamptz NOT NULL DEFAULT now(),
  attempts integer NOT NULL DEFAULT 0,
  run text,
  -- Whether its workflow has started: a crash between the two is made good by the next report.
  started boolean NOT NULL DEFAULT false
);
CREATE INDEX ON harness_care.ticket (subject, state);

CREATE TABLE harness_care.ticket_move (
  ticket text NOT NULL REFERENCES harness_care.ticket ON DELETE CASCADE,
  workflow_run text NOT NULL,
  number integer NOT NULL,
  state text NOT NULL,
  why text NOT NULL,
  by text NOT NULL,
  at float8 NOT NULL,
  run text,
  PRIMARY KEY (ticket, workflow_run, number)
);

-- What people and agents note on a ticket: comments, hypotheses, queries with their results.
CREATE TABLE harness_care.note (
  id text PRIMARY KEY,
  ticket text NOT NULL REFERENCES harness_care.ticket ON DELETE CASCADE,
  kind text NOT NULL,
  text text NOT NULL,
  evidence jsonb,
  by text NOT NULL,
  run text,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON harness_care.note (ticket, at);

-- A release that an agent or a person deployed: `id` is the idempotency key of the call.
CREATE TABLE harness_care.change (
  id text PRIMARY KEY,
  subject text NOT NULL,
  ticket text,
  run text,
  kind text NOT NULL,
  commit text,
  summary text NOT NULL,
  held text[] NOT NULL DEFAULT '{}',
  state text NOT NULL,
  message text NOT NULL DEFAULT '',
  by text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  ended timestamptz
);
CREATE INDEX ON harness_care.change (subject, at);
CREATE INDEX ON harness_care.change (run);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    tables = ("change", "note", "ticket_move", "ticket", "silence", "sample", "judgement")
    for table in (*tables, "invariant", "subject"):
        op.execute(f"DROP TABLE harness_care.{table}")
