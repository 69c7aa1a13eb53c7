"""Find the entry points of the group `harness.capabilities` in installed packages.

Not by `importlib.metadata`, because every command needs them: it takes 15 to 36 ms to import, about
as long as the interpreter takes to start; this takes 1 to 2 ms for a hundred packages. Only folders
for installed packages are read: `sys.path` also holds the current folder, where a download could
pose as a package.
"""

from __future__ import annotations

import os
import site
import sys
from collections.abc import Iterator
from typing import NamedTuple

GROUP = "[harness.capabilities]"
MAX_BYTES = 1_000_000


class EntryPoint(NamedTuple):
    name: str
    target: str
    package: str
    """The distribution that declares it, with its version."""


def find_entry_points() -> list[EntryPoint]:
    """The entry points of all installed packages, in the order of their packages' names."""
    return sorted(point for folder in _package_folders() for point in _read_folder(folder))


def _package_folders() -> Iterator[str]:
    folders = list(site.getsitepackages())
    if site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    seen = set[str]()
    for folder in folders:
        if folder in sys.path and folder not in seen:
            seen.add(folder)
            yield folder


def _read_folder(folder: str) -> Iterator[EntryPoint]:
    try:
        names = os.listdir(folder)  # noqa: PTH208 - pathlib is not loaded yet
    except OSError:
        return
    for name in names:
        if name.endswith(".dist-info"):
            text = _read_text(f"{folder}/{name}/entry_points.txt")
            if GROUP in text:
                package = name.removesuffix(".dist-info").replace("-", " ")
                yield from _parse_entry_points(text, package)


def _read_text(path: str) -> str:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib is not loaded yet
            return file.read(MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _parse_entry_points(text: str, package: str) -> Iterator[EntryPoint]:
    inside = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            inside = line == GROUP
        elif inside and "=" in line and not line.startswith("#"):
            name, _, target = line.partition("=")
            yield EntryPoint(name.strip(), target.partition("[")[0].strip(), package)
