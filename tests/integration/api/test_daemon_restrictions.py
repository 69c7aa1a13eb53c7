"""A daemon without a worker answers approvals and starts runs, so it refuses as a worker does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness import Harness
from harness.api.settings import ApiSettings
from harness.config import Missing
from harness.contracts.errors import Untrusted
from harness_daemon.daemon import Address, open_daemon


async def test_it_does_not_serve_while_restrictions_are_ignored(harness: Harness) -> None:
    settings = harness.connection.settings.model_copy()
    missing = Missing("/p/harness.toml", ("policies",), "/p/harness.toml is not trusted", "trust")
    settings.note_missing(missing)
    connection = replace(harness.connection, settings=settings)
    with pytest.raises(Untrusted, match="is not trusted: runs would be served without"):
        async with open_daemon(connection, ApiSettings(), Address("127.0.0.1", 0)):
            pass
    assert harness.connection.settings.missing is None
