"""Which requests of Temporal's page only read: the others are logged as changes."""

import pytest

from harness.temporal_page.routes import QUERY

WORKFLOWS = "/api/v1/namespaces/default/workflows"


@pytest.mark.parametrize(
    ("path", "reads"),
    [
        (f"{WORKFLOWS}/order-1/query/status", True),
        (f"{WORKFLOWS}/query/query/status", True),
        (f"{WORKFLOWS}/query/signal/hint", False),
        (f"{WORKFLOWS}/order-1/signal/query", False),
        (f"{WORKFLOWS}/order-1/query/status/signal/hint", False),
        ("/api/v1/namespaces/query/workflows/order-1/terminate", False),
    ],
)
def test_only_queries_of_workflows_read(path: str, reads: bool) -> None:
    assert bool(QUERY.fullmatch(path)) is reads
