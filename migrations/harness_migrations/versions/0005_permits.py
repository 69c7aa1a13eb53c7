"""Used permits: each is valid for one run."""

from alembic import op

revision = "0005"
down_revision = "0004"

UP = """
-- `origin` is the first run id of the chain of executions that a permit was first used by.
CREATE TABLE harness.permit (
    mac    text COLLATE "C" PRIMARY KEY,
    origin text COLLATE "C" NOT NULL
);
"""

DOWN = """
DROP TABLE harness.permit;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
