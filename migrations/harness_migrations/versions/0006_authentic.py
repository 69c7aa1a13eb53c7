"""Authenticate stored content."""

from alembic import op

revision = "0006"
down_revision = "0005"

UP = """
-- Of an artifact that is not encrypted: shows that it was stored by this project.
ALTER TABLE harness.artifact ADD COLUMN mac text;
"""

DOWN = """
ALTER TABLE harness.artifact DROP COLUMN mac;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
