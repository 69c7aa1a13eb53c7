"""How far a deploy in stages has come."""

from alembic import op

revision = "0004"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE harness_care.change ADD stage integer")


def downgrade() -> None:
    op.execute("ALTER TABLE harness_care.change DROP COLUMN stage")
