"""Which files the patterns of `editable` name."""

from __future__ import annotations

import pytest

from harness.care.repair.editable import is_editable


@pytest.mark.parametrize(
    ("pattern", "path", "named"),
    [
        ("config.toml", "config.toml", True),
        ("config.toml", "a/config.toml", False),
        ("*.toml", "config.toml", True),
        ("*.toml", "a/b/c.toml", False),
        ("src/*", "src/a", True),
        ("src/*", "src/a/b", False),
        ("src/**", "src/a/b", True),
        ("src/**", "src", False),
        ("**", "a/b", True),
        ("**/*.py", "a.py", True),
        ("**/*.py", "a/b/c.py", True),
        ("a/**/z", "a/z", True),
        ("a/**/z", "a/b/c/z", True),
        ("a/**/z", "a/b/c/y", False),
        ("[!b]/x", "a/x", True),
        ("a[!b]x", "a/x", False),
        ("a?x", "a/x", False),
        ("", "a", False),
        ("src/", "src/a", False),
    ],
)
def test_stars_stay_in_their_folders(pattern: str, path: str, named: bool) -> None:
    assert is_editable(path, [pattern]) is named


def test_many_stars_take_no_time() -> None:
    assert not is_editable("/".join("a" * 100), ["/".join(["**", "a"] * 50) + "/b"])
