"""The tables of policies, of the runs that they hold for, and of remembered approvals."""

from alembic import op

revision = "0001"
down_revision = None

UP = """
CREATE TABLE harness_policies.policy (
  -- SHA-256 of the text: a row cannot be changed unnoticed.
  digest  text PRIMARY KEY,
  text    text NOT NULL,
  created timestamptz NOT NULL DEFAULT now()
);

-- Which policy holds for a run: rows are added and never changed, and the newest counts.
CREATE TABLE harness_policies.pin (
  origin text NOT NULL,
  number int NOT NULL,
  -- 'none': no policy.
  digest text NOT NULL,
  by     text,
  at     timestamptz NOT NULL DEFAULT now(),
  mac    text NOT NULL,
  PRIMARY KEY (origin, number)
);

CREATE TABLE harness_policies.remembered (
  id      text PRIMARY KEY,
  scope   text NOT NULL,
  session text,
  owner   text,
  tool    text NOT NULL,
  -- The arguments that have to be equal, and the digest of their values: none is stored.
  names   text[] NOT NULL,
  digest  text NOT NULL,
  rule    text NOT NULL,
  policy  text NOT NULL,
  by      text,
  run     text NOT NULL,
  call    text NOT NULL,
  at      timestamptz NOT NULL DEFAULT now(),
  mac     text NOT NULL
);

CREATE INDEX ON harness_policies.remembered (scope, tool);
"""

DOWN = """
DROP TABLE harness_policies.remembered;
DROP TABLE harness_policies.pin;
DROP TABLE harness_policies.policy;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
