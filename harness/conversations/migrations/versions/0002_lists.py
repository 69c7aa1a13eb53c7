"""Indexes in the order of lists, by state and by tag."""

from alembic import op

revision = "0002"
down_revision = "0001"

UP = """
CREATE INDEX conversation_listed
  ON harness_conversations.conversation (namespace, state, active DESC, id DESC);
CREATE INDEX conversation_listed_owned
  ON harness_conversations.conversation (namespace, owner, state, active DESC, id DESC);
CREATE INDEX conversation_tags ON harness_conversations.conversation USING gin (tags);
DROP INDEX harness_conversations.conversation_active;
DROP INDEX harness_conversations.conversation_owned;
"""

DOWN = """
CREATE INDEX conversation_active
  ON harness_conversations.conversation (namespace, active DESC, id);
CREATE INDEX conversation_owned
  ON harness_conversations.conversation (namespace, owner, active DESC, id);
DROP INDEX harness_conversations.conversation_listed;
DROP INDEX harness_conversations.conversation_listed_owned;
DROP INDEX harness_conversations.conversation_tags;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
