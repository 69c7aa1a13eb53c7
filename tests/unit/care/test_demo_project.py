"""The demo's folder, and the faults that can be made in it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.care.demo.faults import FAULTS
from harness.care.demo.project import make_demo, open_demo
from harness.care.subjects.subject import parse_subject
from harness.contracts.errors import DemoRefused

SOURCES = ("service.py", "bucket.py", "config.toml")


def test_it_is_made_once_and_found_again(tmp_path: Path) -> None:
    demo = make_demo(tmp_path / "demo", "care/rules", logs=False)
    subject = parse_subject((demo.subject / "subject.toml").read_bytes(), "subject.toml")
    assert str(demo.service) in (subject.health or "")
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=demo.subject, check=True, capture_output=True
    )
    assert status.stdout == b""
    assert (
        make_demo(tmp_path / "demo", "care/rules", logs=False)
        == demo
        == open_demo(tmp_path / "demo")
    )


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DemoRefused, match="not empty"):
        make_demo(tmp_path, "care/rules", logs=False)
    with pytest.raises(DemoRefused, match="has no demo"):
        open_demo(tmp_path)


@pytest.mark.parametrize(
    "name", [name for name, each in FAULTS.items() if "commit" in each.summary]
)
def test_each_commit_of_a_fault_changes_the_code(tmp_path: Path, name: str) -> None:
    demo = make_demo(tmp_path / "demo", "care/rules", logs=False)
    (demo.subject / "deploy.py").write_text("")  # what is deployed is tried by the demo itself
    before = {file: (demo.subject / file).read_text() for file in SOURCES}
    FAULTS[name].make(demo.subject)
    after = {file: (demo.subject / file).read_text() for file in SOURCES}
    assert before != after
    for file in ("service.py", "bucket.py"):
        compile(after[file], file, "exec")


def test_the_same_fault_twice_is_refused(tmp_path: Path) -> None:
    demo = make_demo(tmp_path / "demo", "care/rules", logs=False)
    (demo.subject / "deploy.py").write_text("")
    FAULTS["capacity"].make(demo.subject)
    with pytest.raises(ValueError, match="there already"):
        FAULTS["capacity"].make(demo.subject)
