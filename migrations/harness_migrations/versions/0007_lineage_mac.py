"""Authenticate the families of runs."""

from alembic import op

revision = "0007"
down_revision = "0006"

UP = """
-- Shows that the run joined the family by this project's doing.
ALTER TABLE harness.lineage ADD COLUMN mac text;
"""

DOWN = """
ALTER TABLE harness.lineage DROP COLUMN mac;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
