"""The tables of prompt templates and their versions."""

from alembic import op

revision = "0001"
down_revision = None

# In the order of bytes, so that pages of a list are the same in every database.
UP = """
CREATE TABLE harness_prompts.prompt (
  namespace text NOT NULL,
  name      text COLLATE "C" NOT NULL,
  -- The number of its newest version.
  last      int NOT NULL,
  archived  timestamptz,
  PRIMARY KEY (namespace, name)
);

-- Rows are added and never changed.
CREATE TABLE harness_prompts.version (
  namespace text NOT NULL,
  name      text COLLATE "C" NOT NULL,
  number    int NOT NULL,
  -- Author, time and the like, and the text: each encrypted, or signed for this row.
  about     bytea NOT NULL,
  content   bytea NOT NULL,
  PRIMARY KEY (namespace, name, number),
  FOREIGN KEY (namespace, name) REFERENCES harness_prompts.prompt (namespace, name)
);
"""

DOWN = """
DROP TABLE harness_prompts.version;
DROP TABLE harness_prompts.prompt;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
