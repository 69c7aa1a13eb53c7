"""The chain of each owner's memories, and the indexes by which they are found."""

from alembic import op

revision = "0001"
down_revision = None

# An entry is never changed, except that its content is erased. `mac` covers all of it, with the
# place in the chain and the entry before; of the content it covers a digest, so that the chain can
# be verified when the content is gone. `words` and the table `embedding` only help to find entries.
UP = """
CREATE TABLE harness_memory.entry (
  namespace text NOT NULL,
  owner text NOT NULL,
  seq bigint NOT NULL,
  id text NOT NULL,
  kind text NOT NULL,
  target bigint,
  scope text NOT NULL,
  content text,
  digest text NOT NULL,
  fields text NOT NULL,
  run text,
  previous text NOT NULL,
  mac text NOT NULL,
  words tsvector,
  PRIMARY KEY (namespace, owner, seq)
);
CREATE UNIQUE INDEX entry_id ON harness_memory.entry (namespace, owner, id);
CREATE INDEX entry_target ON harness_memory.entry (namespace, owner, target)
  WHERE target IS NOT NULL;
CREATE INDEX entry_digest ON harness_memory.entry (namespace, owner, digest);
CREATE INDEX entry_run ON harness_memory.entry (run) WHERE run IS NOT NULL;
CREATE INDEX entry_words ON harness_memory.entry USING gin (words);

-- The newest entry of each chain.
CREATE TABLE harness_memory.head (
  namespace text NOT NULL,
  owner text NOT NULL,
  seq bigint NOT NULL,
  last text NOT NULL,
  mac text NOT NULL,
  PRIMARY KEY (namespace, owner)
);

-- In how many entries a word occurs, as the keyed digest that `words` has.
CREATE TABLE harness_memory.word (
  word text PRIMARY KEY,
  count integer NOT NULL DEFAULT 1
);

-- How often an entry was recalled.
CREATE TABLE harness_memory.usage (
  namespace text NOT NULL,
  owner text NOT NULL,
  seq bigint NOT NULL,
  used integer NOT NULL DEFAULT 1,
  last timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (namespace, owner, seq)
);
"""

DOWN = """
DROP TABLE IF EXISTS harness_memory.embedding;
DROP TABLE harness_memory.usage;
DROP TABLE harness_memory.word;
DROP TABLE harness_memory.head;
DROP TABLE harness_memory.entry;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
