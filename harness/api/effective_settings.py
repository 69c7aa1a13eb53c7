"""The settings that the daemon runs with, for admins: values, where they come from, what they mean.

No secret leaves the daemon, also not one in an address.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel

from harness.commons.redact import redact_data
from harness.config.load import explain_settings, list_settings
from harness.config.meanings import find_meaning
from harness.config.settings import Settings
from harness.contracts.errors import HarnessError

MASK = "**********"
IN_ADDRESS = re.compile(r"(?<=://)[^/@\s]*@")
"""The user and the password in a URL."""


class SettingView(BaseModel):
    """A setting as the daemon uses it."""

    key: str
    value: Any = None
    """Secrets are masked. Absent if nothing is set."""
    source: str | None = None
    """Where it comes from: `default`, a file or a variable. Absent if that has another value by
    now, or none: the daemon uses the value that it was started with."""
    meaning: str | None = None


class IgnoredSetting(BaseModel):
    """What harness.toml sets in vain: the file is not trusted."""

    key: str
    source: str


class SettingList(BaseModel):
    """The settings of the daemon."""

    settings: list[SettingView]
    ignored: list[IgnoredSetting]


def describe_settings(settings: Settings, project: Path) -> SettingList:
    """Describe the settings of this process. Reads the project's file: call it in a thread."""
    try:
        origins = explain_settings(project)
    except HarnessError:  # the file was changed since, and is not valid
        origins = []
    known = {each.key: each for each in origins if not each.ignored}
    found: list[SettingView] = []
    for key, value in list_settings(settings).items():
        origin = known.get(key)
        same = origin is not None and origin.value == value
        found.append(
            SettingView(
                key=key,
                value=redact_data(mask_addresses(value)),
                source=origin.source if origin and same else None,
                meaning=find_meaning(key),
            )
        )
    ignored = [IgnoredSetting(key=each.key, source=each.source) for each in origins if each.ignored]
    return SettingList(settings=found, ignored=ignored)


def mask_addresses(value: Any) -> Any:
    """A value of JSON without the users and passwords in its addresses."""
    if isinstance(value, str):
        return IN_ADDRESS.sub(f"{MASK}@", value)
    if isinstance(value, list):
        return [mask_addresses(each) for each in cast("list[Any]", value)]
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value).items()
        return {name: mask_addresses(each) for name, each in pairs}
    return value
