"""The migrations of harness's tables in Postgres, up and down.

Plain SQL in `versions/`, run by alembic. `REVISIONS` names the steps in order, so a process can
see that nothing is to be done without loading alembic.
"""

REVISIONS: tuple[str, ...] = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
)
HEAD = REVISIONS[-1]
