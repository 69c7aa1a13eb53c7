"""The table of who looks at which run."""

from alembic import op

revision = "0001"
down_revision = None

# Unlogged: a row is worth half a minute, and is written again and again.
UP = """
CREATE UNLOGGED TABLE harness_page.looking (
  namespace text NOT NULL,
  run       text NOT NULL,
  socket    text NOT NULL,
  user_name text NOT NULL,
  seen      timestamptz NOT NULL,
  PRIMARY KEY (namespace, run, socket)
);
CREATE INDEX looking_seen ON harness_page.looking (seen);
"""

DOWN = "DROP TABLE harness_page.looking"


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
