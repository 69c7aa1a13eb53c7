"""Since when a broken invariant fulfils its condition again."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE harness_care.judgement ADD COLUMN good_since float8")


def downgrade() -> None:
    op.execute("ALTER TABLE harness_care.judgement DROP COLUMN good_since")
