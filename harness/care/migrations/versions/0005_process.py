"""The process that carries a change out, so that it never runs twice at the same time."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("ALTER TABLE harness_care.change ADD COLUMN process text")


def downgrade() -> None:
    op.execute("ALTER TABLE harness_care.change DROP COLUMN process")
