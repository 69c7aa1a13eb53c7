"""The tables of requests, of their parts, and of the buckets that both are deleted with."""

from alembic import op

revision = "0001"
down_revision = None

# A bucket is what was written in a span of time. Entries refer only to parts of their own bucket,
# so both are deleted together, the oldest bucket first, and no part is ever counted.
UP = """
CREATE TABLE harness_request_log.bucket (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  began timestamptz NOT NULL DEFAULT now(),
  entries bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0,
  dropped bigint NOT NULL DEFAULT 0
);

CREATE TABLE harness_request_log.entry (
  id text PRIMARY KEY,
  bucket bigint NOT NULL,
  run text NOT NULL,
  owner text,
  agent text NOT NULL,
  session text,
  turn integer NOT NULL,
  call integer NOT NULL,
  attempt integer NOT NULL,
  purpose text NOT NULL,
  model text NOT NULL,
  status text NOT NULL,
  at timestamptz NOT NULL,
  ms float8 NOT NULL,
  first_ms float8,
  input bigint,
  output bigint,
  cached bigint,
  cost_micros bigint,
  request_id text,
  content bytea NOT NULL
);
CREATE INDEX entry_run ON harness_request_log.entry (run, at, id);
CREATE INDEX entry_at ON harness_request_log.entry (at, id);
CREATE INDEX entry_bucket ON harness_request_log.entry (bucket);

CREATE TABLE harness_request_log.part (
  bucket bigint NOT NULL,
  run text NOT NULL,
  digest bytea NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (bucket, run, digest)
);
CREATE INDEX part_run ON harness_request_log.part (run);
"""

DOWN = """
DROP TABLE harness_request_log.part, harness_request_log.entry, harness_request_log.bucket;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
