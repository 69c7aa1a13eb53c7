"""Transcript nodes and their index, artifacts, sessions, live output."""

from alembic import op

revision = "0001"
down_revision = None

UP = """
-- The transcript: a chain of content-addressed nodes. `body` is what `id` is the digest of.
CREATE TABLE harness.node (
    id      text COLLATE "C" PRIMARY KEY,
    parent  text COLLATE "C",
    body    bytea NOT NULL,
    at      timestamptz NOT NULL DEFAULT now()
);

-- Which node answered which model call; `seq` tells the newest when a call was answered twice.
CREATE TABLE harness.answer (
    run     text COLLATE "C" NOT NULL,
    turn    integer NOT NULL,
    call    integer NOT NULL,
    head    text COLLATE "C" NOT NULL,
    reply   bytea,
    seq     bigint GENERATED ALWAYS AS IDENTITY,
    at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run, turn, call, head)
);

-- Content by its digest; `content` is null where it lies in the file or S3 store.
CREATE TABLE harness.artifact (
    id         text COLLATE "C" PRIMARY KEY,
    size       bigint NOT NULL,
    media_type text,
    content    bytea,
    run        text COLLATE "C",
    at         timestamptz NOT NULL DEFAULT now()
);
-- Not compressed: pages of a large one are cut out without reading the whole.
ALTER TABLE harness.artifact ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE harness.session (
    id      text COLLATE "C" PRIMARY KEY,
    last    integer NOT NULL,
    updated timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX session_updated ON harness.session (updated DESC);

-- Live output is never the truth: unlogged, empty after a crash of the database.
-- Streams of a run follow each other by `scheduled`, since turns go back when a run is reset.
CREATE UNLOGGED TABLE harness.live_output (
    run       text COLLATE "C" NOT NULL,
    scheduled bigint NOT NULL,
    turn      integer NOT NULL,
    call      integer NOT NULL,
    attempt   integer NOT NULL,
    pos       integer NOT NULL,
    text      text NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run, scheduled, turn, call, attempt, pos)
);
CREATE INDEX live_output_at ON harness.live_output USING brin (at);

CREATE UNLOGGED TABLE harness.live_progress (
    run     text COLLATE "C" NOT NULL,
    turn    integer NOT NULL,
    call_id text COLLATE "C" NOT NULL,
    n       bigint NOT NULL,
    text    text NOT NULL,
    at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run, n, turn, call_id)
);
CREATE INDEX live_progress_at ON harness.live_progress USING brin (at);
"""

DOWN = """
DROP TABLE harness.live_progress, harness.live_output, harness.session,
           harness.artifact, harness.answer, harness.node;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
