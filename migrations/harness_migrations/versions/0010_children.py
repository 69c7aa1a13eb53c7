"""Runs that other runs started."""

from alembic import op

revision = "0010"
down_revision = "0009"

UP = """
-- `above` started `run` in its turn `turn`. The MAC shows that harness recorded it.
CREATE TABLE harness.child (
    run   text COLLATE "C" PRIMARY KEY,
    above text COLLATE "C" NOT NULL,
    turn  int NOT NULL,
    mac   text
);
CREATE INDEX child_above ON harness.child (above);
"""

DOWN = """
DROP TABLE harness.child;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
