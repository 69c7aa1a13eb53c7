"""Conversations, their turns and their messages: rows for lists, made from runs."""

from alembic import op

revision = "0001"
down_revision = None

UP = """
CREATE TABLE harness_conversations.conversation (
  namespace  text NOT NULL,
  id         text NOT NULL,
  owner      text,
  agent      text NOT NULL,
  state      text NOT NULL,
  tags       text[] NOT NULL,
  -- Null if content is encrypted.
  title      text,
  changed    float8 NOT NULL,
  -- Of the newest message, or of the conversation itself.
  active     float8 NOT NULL,
  -- The card: encrypted, or signed for this row.
  card       bytea NOT NULL,
  search     tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce(title, ''))) STORED,
  PRIMARY KEY (namespace, id)
);
CREATE INDEX conversation_active
  ON harness_conversations.conversation (namespace, active DESC, id);
CREATE INDEX conversation_owned
  ON harness_conversations.conversation (namespace, owner, active DESC, id);
CREATE INDEX conversation_search ON harness_conversations.conversation USING gin (search);

CREATE TABLE harness_conversations.turn (
  namespace    text NOT NULL,
  conversation text NOT NULL,
  number       int NOT NULL,
  -- Later runs do not read it.
  dropped      boolean NOT NULL,
  content      bytea NOT NULL,
  PRIMARY KEY (namespace, conversation, number)
);

CREATE TABLE harness_conversations.message (
  namespace    text NOT NULL,
  conversation text NOT NULL,
  turn         int NOT NULL,
  place        int NOT NULL,
  content      bytea NOT NULL,
  -- Null if content is encrypted.
  words        text,
  search       tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce(words, ''))) STORED,
  PRIMARY KEY (namespace, conversation, turn, place)
);
CREATE INDEX message_search ON harness_conversations.message USING gin (search);
"""

DOWN = """
DROP TABLE harness_conversations.message;
DROP TABLE harness_conversations.turn;
DROP TABLE harness_conversations.conversation;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
