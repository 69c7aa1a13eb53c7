"""Copies of an evaluation's workspace, also of hostile ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.contracts.errors import EvalInvalid
from harness.evals import workspaces
from harness.evals.workspaces import COPIES, find_copies


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "work" / "deep").mkdir(parents=True)
    (tmp_path / "work" / "deep" / "a.txt").write_text("a")
    (tmp_path / "work" / "link").symlink_to("deep/a.txt")
    return tmp_path


def test_each_run_has_a_copy_of_its_own_and_keeps_it(project: Path) -> None:
    copies = find_copies(project, "work")
    one, two = copies.make("eval-1", "run-1"), copies.make("eval-1", "run-2")
    (one / "deep/a.txt").write_text("changed")
    assert copies.make("eval-1", "run-1") == one == project / COPIES / "eval-1" / "run-1"
    assert (one / "link").is_symlink()
    assert (one / "link").read_text() == "changed"
    assert (two / "deep/a.txt").read_text() == "a"
    assert (project / "work/deep/a.txt").read_text() == "a"
    assert sorted(each.name for each in one.parent.iterdir()) == ["run-1", "run-2"]


def test_the_keys_of_harness_are_not_copied(project: Path) -> None:
    (project / "work/.harness").mkdir()
    (project / "work/.harness/signing.key").write_text("secret")
    assert not (find_copies(project, "work").make("eval-1", "run-1") / ".harness").exists()


@pytest.mark.parametrize(
    "name", [".", "", "..", "/etc", "missing", "file", "out", "a\0b", "x" * 9_999]
)
def test_the_workspace_is_a_folder_beside_the_file(project: Path, name: str) -> None:
    (project / "file").write_text("")
    (project / "out").symlink_to("/etc")
    with pytest.raises(EvalInvalid, match="The workspace"):
        find_copies(project, name)


def test_copies_are_not_copied(project: Path) -> None:
    find_copies(project, "work").make("eval-1", "run-1")
    with pytest.raises(EvalInvalid, match="where the copies are made"):
        find_copies(project, COPIES)


def test_what_is_too_large_or_no_file_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(project / "work/pipe")
    with pytest.raises(EvalInvalid, match="'pipe', which is no file"):
        find_copies(project, "work")
    (project / "work/pipe").unlink()
    monkeypatch.setattr(workspaces, "MOST_PATHS", 2)
    with pytest.raises(EvalInvalid, match="too large"):
        find_copies(project, "work")
