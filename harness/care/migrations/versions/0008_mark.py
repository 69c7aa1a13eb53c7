"""What proves that harness stored a subject."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("ALTER TABLE harness_care.subject ADD COLUMN mark text")


def downgrade() -> None:
    op.execute("ALTER TABLE harness_care.subject DROP COLUMN mark")
