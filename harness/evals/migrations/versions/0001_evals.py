"""The tables of evaluations, of their cases and of their results."""

from alembic import op

revision = "0001"
down_revision = None

# `content` is encrypted, or carries a MAC, for its place: a result under the key of its run, so
# that forgetting the run forgets what it answered. The other columns are for lists and sums.
UP = """
CREATE TABLE harness_evals.eval (
  id text PRIMARY KEY,
  namespace text NOT NULL,
  name text NOT NULL,
  owner text,
  created timestamptz NOT NULL DEFAULT now(),
  ended timestamptz,
  state text NOT NULL DEFAULT 'running',
  items integer NOT NULL,
  content bytea NOT NULL
);
CREATE INDEX eval_created ON harness_evals.eval (namespace, created DESC, id);

CREATE TABLE harness_evals.eval_case (
  eval text NOT NULL REFERENCES harness_evals.eval (id) ON DELETE CASCADE,
  number integer NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (eval, number)
);

CREATE TABLE harness_evals.result (
  eval text NOT NULL REFERENCES harness_evals.eval (id) ON DELETE CASCADE,
  number integer NOT NULL,
  cell integer NOT NULL,
  passed boolean NOT NULL,
  tokens bigint NOT NULL,
  cost_micros bigint,
  content bytea NOT NULL,
  PRIMARY KEY (eval, number)
);
CREATE INDEX result_failed ON harness_evals.result (eval, number) WHERE NOT passed;
"""

DOWN = """
DROP TABLE harness_evals.result;
DROP TABLE harness_evals.eval_case;
DROP TABLE harness_evals.eval;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
