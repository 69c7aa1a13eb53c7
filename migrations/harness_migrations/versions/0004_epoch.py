"""The epoch of a store, to recognize a database that was restored to an earlier state."""

from alembic import op

revision = "0004"
down_revision = "0003"

UP = """
-- One row a branch of the store's history, beside each namespace of the engine. A branch begins
-- when the stores are found to have gone back in time, or not to belong together; the last one is
-- the present one. `confirmed` is the generation that the engine is known to hold. `floor`: the
-- newest write that was forgotten.
CREATE TABLE harness.epoch (
    namespace  text COLLATE "C" NOT NULL,
    branch     integer NOT NULL,
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    generation bigint NOT NULL DEFAULT 0,
    confirmed  bigint NOT NULL DEFAULT 0,
    floor      bigint NOT NULL DEFAULT 0,
    doubts     text CHECK (doubts IN ('database', 'engine')),
    since      timestamptz NOT NULL DEFAULT now(),
    advanced   timestamptz NOT NULL DEFAULT now(),
    server     timestamptz,
    PRIMARY KEY (namespace, branch)
);
-- When these tables were made: an empty store knows of every run that began since then.
CREATE TABLE harness.made AS SELECT now() AS at;
-- The branch in which a write was last allowed to act; -1 where it was never allowed to, because it
-- may have been made in what was lost.
ALTER TABLE harness.effect ADD COLUMN branch integer NOT NULL DEFAULT 0;
"""

DOWN = """
ALTER TABLE harness.effect DROP COLUMN branch;
DROP TABLE harness.epoch;
DROP TABLE harness.made;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
