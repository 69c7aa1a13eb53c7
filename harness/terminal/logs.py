"""Configure the logs of commands and scripts from settings."""

from __future__ import annotations

from harness.commons.log import configure_logs
from harness.config import secrets_of
from harness.config.settings import Settings


def configure_project_logs(settings: Settings) -> None:
    """Log as the settings say, without their secrets, and with encryption without content."""
    configure_logs(
        settings.log.level,
        settings.log.format,
        secrets=secrets_of(settings),
        discreet=settings.encryption.key is not None,
    )
