"""The archive of ended runs, the log of attempts, the families of runs."""

from alembic import op

revision = "0003"
down_revision = "0002"

UP = """
-- Ended runs, sealed: `hash` is the digest of `entry`, which names the `hash` before it. The chain
-- stands by itself when content and key are gone. What follows `key` is an index over the content,
-- and can be made again from it.
CREATE TABLE harness.seal (
    seq         bigint PRIMARY KEY,
    hash        text COLLATE "C" NOT NULL UNIQUE,
    entry       bytea NOT NULL,
    kind        text NOT NULL,
    namespace   text COLLATE "C" NOT NULL,
    run         text COLLATE "C" NOT NULL,
    run_ids     text[] COLLATE "C" NOT NULL,
    sealed      timestamptz NOT NULL,
    content     text COLLATE "C",
    key         bytea,
    agent       text,
    state       text,
    model       text,
    session     text COLLATE "C",
    lineage     text COLLATE "C",
    started     timestamptz,
    ended       timestamptz,
    turns       integer,
    tokens      bigint,
    cost_micros bigint
);
CREATE INDEX seal_run ON harness.seal (run, seq DESC);
CREATE INDEX seal_run_ids ON harness.seal USING gin (run_ids);
CREATE INDEX seal_ended ON harness.seal (ended DESC);
CREATE INDEX seal_content ON harness.seal (content);

-- Attempts of activities that failed, as the workers saw them: history keeps only the last.
CREATE TABLE harness.attempt (
    run_id   text COLLATE "C" NOT NULL,
    activity text COLLATE "C" NOT NULL,
    attempt  integer NOT NULL,
    run      text COLLATE "C" NOT NULL,
    started  timestamptz NOT NULL,
    ended    timestamptz NOT NULL,
    who      text NOT NULL,
    body     bytea NOT NULL,
    PRIMARY KEY (run_id, activity, attempt)
);
CREATE INDEX attempt_run ON harness.attempt (run);

-- Runs whose content belongs to a family: forks, and the runs of a session.
CREATE TABLE harness.lineage (
    run     text COLLATE "C" NOT NULL,
    lineage text COLLATE "C" NOT NULL,
    PRIMARY KEY (run, lineage)
);
CREATE INDEX lineage_of ON harness.lineage (lineage);

-- Families that have a key. The keys lie elsewhere: a family that is named here and has none there
-- must not get another one, for that would leave its content unreadable.
CREATE TABLE harness.key (
    family text COLLATE "C" PRIMARY KEY,
    made   timestamptz NOT NULL DEFAULT now()
);

-- Of an encrypted artifact: how many bytes of salt go before its content.
ALTER TABLE harness.artifact ADD COLUMN salt smallint;
CREATE INDEX artifact_run ON harness.artifact (run);

-- How often an effect was undone: made anew after that, it goes out under another key.
ALTER TABLE harness.effect ADD COLUMN undos integer NOT NULL DEFAULT 0;
UPDATE harness.effect SET undos = 1 WHERE state = 'undone';
"""

DOWN = """
DROP TABLE harness.key, harness.lineage, harness.attempt, harness.seal;
DROP INDEX harness.artifact_run;
ALTER TABLE harness.artifact DROP COLUMN salt;
ALTER TABLE harness.effect DROP COLUMN undos;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
