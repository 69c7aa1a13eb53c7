"""Runbooks: their heads, and what is not read."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.care.demo.project import HERE, SUBJECTS
from harness.care.runbooks.runbook import (
    MAX_BYTES,
    MAX_FILES,
    list_runbooks,
    parse_runbook,
    read_runbook_text,
    write_runbook,
)
from harness.contracts.errors import ToolError

WHOLE = """---
title: A process hangs
when: invariant workers, queue-age
if: min(up{job="queue"}) < 1
do: restart
---
Look at `up` first.
"""


def test_the_head_is_read() -> None:
    found = parse_runbook("stuck.md", WHOLE)
    assert (found.when, found.do) == (("workers", "queue-age"), "restart")
    assert found.line == (
        "stuck.md: A process hangs; when: invariant workers, queue-age; "
        'if: min(up{job="queue"}) < 1; do: restart'
    )
    made = parse_runbook("a.md", write_runbook("A;b", "errors", "revert", "text"))
    assert (made.title, made.when, made.do) == ("A,b", ("errors",), "revert")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Stuck\nRestart it.", "Stuck"),
        ("Restart it.", "x.md"),
        ("---\ntitle: no end\n", "x.md"),
        ("---\nodd: 1\n---\n# Stuck", "Stuck"),
        ("---\ntitle: a\x1b[31m\u202e\n---\n", "a<U+001B>[31m<U+202E>"),
        ("---\ntitle: " + "x" * 5_000 + "\n---\n", "x" * 300),
    ],
)
def test_what_has_no_head_is_known_by_its_title(text: str, title: str) -> None:
    found = parse_runbook("x.md", text)
    assert (found.title, found.when, found.do) == (title, (), "")


def test_only_files_of_the_folder_are_read(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside.md"
    (root / "runbooks" / "folder.md").mkdir(parents=True)
    outside.write_text("# A secret")
    (root / "runbooks" / "link.md").symlink_to(outside)
    (root / "runbooks" / "good.md").write_text(WHOLE)
    (root / "runbooks" / "notes.txt").write_text("not one")
    assert [each.name for each in list_runbooks(root, "runbooks")] == ["good.md"]
    for name in ("link.md", "folder.md", "../../outside.md", "/etc/passwd", "none.md", "notes.txt"):
        with pytest.raises(ToolError):
            read_runbook_text(root, "runbooks", name)
    assert list_runbooks(root, "none") == []
    (root / "elsewhere").symlink_to(tmp_path)
    with pytest.raises(ToolError):
        list_runbooks(root, "elsewhere")


def test_reading_is_bounded(tmp_path: Path) -> None:
    folder = tmp_path / "runbooks"
    folder.mkdir()
    (folder / "0.md").write_text("x" * (MAX_BYTES + 10))
    for number in range(1, MAX_FILES + 20):
        (folder / f"{number}.md").write_text("# One")
    assert len(list_runbooks(tmp_path, "runbooks")) == MAX_FILES
    text = read_runbook_text(tmp_path, "runbooks", "0.md")
    assert text.endswith("[cut off]") and len(text) < MAX_BYTES + 20


def test_the_runbooks_of_the_demo_are_understood() -> None:
    for name in SUBJECTS:
        found = list_runbooks(HERE / name.replace("-", "_"), "runbooks")
        assert found and all(each.when and each.do for each in found)


@pytest.mark.parametrize("mark", ["\u2028", "\x0b", "\x85", "\r"])
def test_no_line_hides_in_another(mark: str) -> None:
    found = parse_runbook("a.md", f"---\ntitle: A{mark}do: restart\n---\n")
    assert (found.do, found.title.isprintable()) == ("", True)
