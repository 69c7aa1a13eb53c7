"""The function that takes back a call that was admitted, but never sent."""

from alembic import op

revision = "0002"
down_revision = "0001"

TAKE_BACK = """
CREATE FUNCTION harness_limits.take_back(_id text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE h harness_limits.held;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  FOR h IN SELECT * FROM harness_limits.held WHERE id = _id ORDER BY quota COLLATE "C" LOOP
    PERFORM FROM harness_limits.quota WHERE key = h.quota FOR UPDATE;
    DELETE FROM harness_limits.held WHERE id = h.id AND quota = h.quota;
    CONTINUE WHEN NOT FOUND;  -- counted as lost meanwhile
    UPDATE harness_limits.spent SET requests = greatest(0, requests - 1),
      tokens = greatest(0, tokens - h.input)
      WHERE quota = h.quota AND second = floor(extract(epoch FROM h.since));
    UPDATE harness_limits.quota SET granted = granted - 1 WHERE key = h.quota;
  END LOOP;
END $$;
"""


def upgrade() -> None:
    op.execute(TAKE_BACK)


def downgrade() -> None:
    op.execute("DROP FUNCTION harness_limits.take_back")
