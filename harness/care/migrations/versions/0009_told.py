"""What a ticket was told of its invariant last."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("ALTER TABLE harness_care.ticket ADD COLUMN told double precision")


def downgrade() -> None:
    op.execute("ALTER TABLE harness_care.ticket DROP COLUMN told")
