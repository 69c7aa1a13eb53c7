"""An index that finds who has written a transcript node."""

from alembic import op

revision = "0011"
down_revision = "0010"

UP = """
CREATE INDEX answer_head ON harness.answer USING hash (head);
"""

DOWN = """
DROP INDEX harness.answer_head;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
