"""File tools keep out of the folder that holds harness's keys, whatever it is called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.contracts.errors import ToolError
from harness.tools.files import confine
from harness.tools.files.files import walk_folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with its state folder, one under another name, and links to both."""
    for name, mark in ((".harness", "signing.key"), ("state", "made-here")):
        (tmp_path / name / "inner").mkdir(parents=True)
        (tmp_path / name / mark).write_text("secret")
        (tmp_path / name / "inner" / "file").write_text("secret")
    (tmp_path / "link").symlink_to(".harness")
    (tmp_path / "other").symlink_to("state/inner")
    (tmp_path / "open").mkdir()
    return tmp_path


INSIDE = (
    ".harness/signing.key", ".harness/inner/file", "state/made-here", "state/inner/file",
    "link/signing.key", "other/file", "./.harness//signing.key", ".HARNESS/new", ".harness/new/er",
)  # fmt: skip


@pytest.mark.parametrize("path", INSIDE)
def test_nothing_in_it_is_read_or_written(root: Path, path: str) -> None:
    before = sorted(root.rglob("*"))
    with pytest.raises(ToolError) as read, confine.open_file(root, path):
        pass
    with pytest.raises(ToolError) as written:
        confine.write_file(root, path, b"mine")
    with pytest.raises(ToolError):
        confine.remove_file(root, path)
    assert {read.value.code, written.value.code} == {"tool.confined"}
    assert sorted(root.rglob("*")) == before
    assert (root / ".harness/signing.key").read_text() == "secret"


def test_it_is_not_made_either(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="keys"):
        confine.write_file(tmp_path, ".harness/signing.key", b"mine")
    assert list(tmp_path.iterdir()) == []


def test_it_is_no_workspace(root: Path) -> None:
    with pytest.raises(ToolError), confine.open_folder(root / ".harness", "inner"):
        pass


def test_nothing_in_it_is_listed(root: Path) -> None:
    folder = os.open(root, os.O_RDONLY)
    try:
        found = {entry.path for entry in walk_folder(folder, 9)}
    finally:
        os.close(folder)
    assert found == {".harness", "state", "link", "other", "open"}
