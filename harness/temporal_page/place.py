"""Where Temporal's page is."""

from __future__ import annotations

from harness.engine.connection import Connection
from harness.temporal_page.settings import TemporalPageSettings


def find_page(connection: Connection) -> str | None:
    """The address at which the daemon reaches the page that it serves; None if it serves none."""
    chosen = connection.settings.section(TemporalPageSettings).url
    return chosen or connection.endpoints.local_ui_url
