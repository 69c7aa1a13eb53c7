"""How often content was forgotten: processes that remember runs notice it by this."""

from alembic import op

revision = "0009"
down_revision = "0008"

UP = """
CREATE TABLE harness.forgetting (times bigint NOT NULL);
INSERT INTO harness.forgetting VALUES (0);
"""

DOWN = """
DROP TABLE harness.forgetting;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
