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

-- A silence: its invariants open no tickets meanwhile. NULL: all of the subject, or all subjects.
CREATE TABLE harness_care.silence (
  id text PRIMARY KEY,
  subject text,
  name text,
  until timestamptz NOT NULL,
  reason text NOT NULL,
  by text NOT NULL,
  added timestamptz NOT NULL DEFAULT now()
);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    for table in ("silence", "sample", "judgement", "invariant", "subject"):
        op.execute(f"DROP TABLE harness_care.{table}")
