"""How far a deploy in stages has come."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE harness_care.change ADD stage integer")


def downgrade() -> None:
    op.execute("ALTER TABLE harness_care.change DROP COLUMN stage")
