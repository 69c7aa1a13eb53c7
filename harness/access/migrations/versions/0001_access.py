"""The tables of users, credentials and sign-in codes."""

from alembic import op

revision = "0001"
down_revision = None

# `mac` shows that the row was written by this project: write access to the database is not enough
# to add an admin. The row `local` needs none, as its role is never read.
UP = """
CREATE TABLE harness_access.user (
  name text PRIMARY KEY,
  role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
  created timestamptz NOT NULL DEFAULT now(),
  disabled timestamptz,
  mac text
);
INSERT INTO harness_access.user (name, role) VALUES ('local', 'admin');

-- API tokens and browser sessions.
CREATE TABLE harness_access.credential (
  id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('token', 'browser')),
  user_name text NOT NULL REFERENCES harness_access.user (name),
  role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
  name text NOT NULL,
  secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
  created timestamptz NOT NULL,
  expires timestamptz CHECK (kind = 'token' OR expires IS NOT NULL),
  last_used timestamptz CHECK (kind = 'token' OR last_used IS NOT NULL),
  revoked timestamptz,
  mac text
);
CREATE INDEX credential_user ON harness_access.credential (user_name, created);

CREATE TABLE harness_access.sign_in_code (
  id text PRIMARY KEY,
  user_name text NOT NULL REFERENCES harness_access.user (name),
  role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
  secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
  expires timestamptz NOT NULL,
  mac text
);
"""

DOWN = """
DROP TABLE harness_access.sign_in_code;
DROP TABLE harness_access.credential;
DROP TABLE harness_access.user;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
