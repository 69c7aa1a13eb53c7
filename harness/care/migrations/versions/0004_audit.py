"""Fields of tickets that people change, and a copy of what the histories of acts say."""

from alembic import op

revision = "0004"
down_revision = "0003"

UP = """
ALTER TABLE harness_care.ticket
  -- As a person has set it; otherwise it follows from the severity.
  ADD COLUMN priority text,
  ADD COLUMN assignee text,
  -- Tickets that people have named as related.
  ADD COLUMN linked text[] NOT NULL DEFAULT '{}';
CREATE INDEX ticket_changed ON harness_care.ticket (changed DESC, id DESC);
CREATE INDEX ticket_linked ON harness_care.ticket USING gin (linked);

ALTER TABLE harness_care.ticket_move
  -- The event of the run that it follows from.
  ADD COLUMN event text,
  ADD COLUMN fields jsonb;
CREATE INDEX ticket_move_at ON harness_care.ticket_move (at);

CREATE INDEX change_commit ON harness_care.change (commit);

-- A copy, for lists, of the acts of people on subjects, invariants, silences and notes. `id` names
-- the workflow whose history is the record.
CREATE TABLE harness_care.act (
  id text PRIMARY KEY,
  kind text NOT NULL,
  subject text NOT NULL,
  ticket text,
  name text,
  by text NOT NULL,
  why text NOT NULL DEFAULT '',
  digest text,
  at float8 NOT NULL
);
CREATE INDEX act_at ON harness_care.act (at);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE harness_care.act")
    op.execute("DROP INDEX harness_care.change_commit, harness_care.ticket_move_at")
    op.execute("ALTER TABLE harness_care.ticket_move DROP COLUMN event, DROP COLUMN fields")
    op.execute("DROP INDEX harness_care.ticket_changed")
    op.execute(
        "ALTER TABLE harness_care.ticket "
        "DROP COLUMN priority, DROP COLUMN assignee, DROP COLUMN linked"
    )
