"""The tables of subscriptions, of the runs that they follow, and of what was sent."""

from alembic import op

revision = "0001"
down_revision = None

# `mac` shows that the row was written by this project: write access to the database is not enough
# to have runs of others sent elsewhere. No secret is stored: it is derived from the signing key.
UP = """
CREATE TABLE harness_webhooks.subscription (
  id text PRIMARY KEY,
  namespace text NOT NULL,
  owner text NOT NULL,
  everyone boolean NOT NULL,
  agent text,
  events text[] NOT NULL,
  url text NOT NULL,
  created timestamptz NOT NULL,
  mac text,
  failing_since timestamptz,
  disabled timestamptz,
  reason text
);
CREATE INDEX subscription_owner ON harness_webhooks.subscription (namespace, owner);

-- A run that a subscription follows. `fence` counts attempts: only the newest one may send.
CREATE TABLE harness_webhooks.followed_run (
  subscription text NOT NULL REFERENCES harness_webhooks.subscription (id) ON DELETE CASCADE,
  run text NOT NULL,
  cursor text,
  fence integer NOT NULL DEFAULT 0,
  ended timestamptz,
  PRIMARY KEY (subscription, run)
);
CREATE INDEX followed_run_open ON harness_webhooks.followed_run (subscription)
  WHERE ended IS NULL;

-- The ledger of messages: begun before one is sent, done once the receiver has accepted it.
CREATE TABLE harness_webhooks.delivery (
  subscription text NOT NULL REFERENCES harness_webhooks.subscription (id) ON DELETE CASCADE,
  id text NOT NULL,
  run text NOT NULL,
  kind text NOT NULL,
  begun timestamptz NOT NULL DEFAULT now(),
  tried timestamptz NOT NULL DEFAULT now(),
  attempts integer NOT NULL DEFAULT 1,
  done timestamptz,
  problem text,
  PRIMARY KEY (subscription, id)
);
CREATE INDEX delivery_tried ON harness_webhooks.delivery (subscription, tried DESC, id);
"""

DOWN = """
DROP TABLE harness_webhooks.delivery;
DROP TABLE harness_webhooks.followed_run;
DROP TABLE harness_webhooks.subscription;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
