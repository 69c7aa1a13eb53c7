"""Of which invariants nothing was known when a change began, though they held when it was."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("ALTER TABLE harness_care.change ADD COLUMN unsure text[] NOT NULL DEFAULT '{}'")


def downgrade() -> None:
    op.execute("ALTER TABLE harness_care.change DROP COLUMN unsure")
