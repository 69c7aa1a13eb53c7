"""Whether an invariant was broken before a gap in what is known of it."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE harness_care.judgement ADD COLUMN was_broken boolean NOT NULL DEFAULT false"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE harness_care.judgement DROP COLUMN was_broken")
