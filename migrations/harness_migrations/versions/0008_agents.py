"""The agents that workers publish."""

from alembic import op

revision = "0008"
down_revision = "0007"

UP = """
CREATE TABLE harness.agent (
  namespace  text NOT NULL,
  name       text NOT NULL,
  -- Encrypted or signed, for this row.
  published  bytea NOT NULL,
  -- The worker that published it last.
  build      text NOT NULL,
  host       text NOT NULL,
  first_at   timestamptz NOT NULL DEFAULT now(),
  last_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (namespace, name)
);
"""

DOWN = """
DROP TABLE harness.agent;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
