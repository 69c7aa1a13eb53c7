"""Settings: what can be configured, where each value came from, and which providers are known.

Only processes read settings; a run pins the values it needs when it starts.
"""

from harness.config.load import (
    Origin,
    explain_settings,
    find_project,
    load_project,
    load_settings,
    secrets_of,
)
from harness.config.providers import resolve_provider
from harness.config.restrictions import Missing, check_restrictions
from harness.config.settings import Settings

__all__ = [
    "Missing",
    "Origin",
    "Settings",
    "check_restrictions",
    "explain_settings",
    "find_project",
    "load_project",
    "load_settings",
    "resolve_provider",
    "secrets_of",
]
