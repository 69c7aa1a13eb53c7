"""The ledger of effects."""

from alembic import op

revision = "0002"
down_revision = "0001"

UP = """
-- What tools did to the world. `json` and not `jsonb`: a tool's text may hold a NUL character.
CREATE SEQUENCE harness.effect_seq;
CREATE TABLE harness.effect (
    key       text COLLATE "C" PRIMARY KEY,
    seq       bigint NOT NULL DEFAULT nextval('harness.effect_seq'),
    origin    text COLLATE "C" NOT NULL,
    run       text COLLATE "C" NOT NULL,
    agent     text COLLATE "C" NOT NULL,
    turn      integer NOT NULL,
    call      text COLLATE "C" NOT NULL,
    tool      text COLLATE "C" NOT NULL,
    effect    text NOT NULL,
    arguments json NOT NULL,
    workspace json,
    state     text NOT NULL CHECK (state IN ('begun', 'done', 'failed', 'undoing', 'undone')),
    attempt   integer NOT NULL DEFAULT 1,
    result    json,
    receipt   json,
    note      text,
    who       text NOT NULL,
    began     timestamptz NOT NULL DEFAULT now(),
    ended     timestamptz,
    undone    timestamptz
);
ALTER SEQUENCE harness.effect_seq OWNED BY harness.effect.seq;
CREATE INDEX effect_run ON harness.effect (run, seq);
"""

DOWN = """
DROP TABLE harness.effect;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
