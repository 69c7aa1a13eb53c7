"""The demo's folder, and the faults that can be made in it."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

from harness.care.demo import leftovers
from harness.care.demo.faults import FAULTS
from harness.care.demo.project import MARK, SUBJECTS, make_demo, open_demo
from harness.care.subjects.subject import parse_subject
from harness.config.settings import settings_model
from harness.contracts.errors import DemoRefused
from harness.contracts.model import Usage
from harness.providers.prices import cost_micros, read_prices

SOURCES = ("service.py", "bucket.py", "worker.py", "jobs.py", "config.toml")


def read_sources(folder: Path) -> dict[str, str]:
    return {file: (folder / file).read_text() for file in SOURCES if (folder / file).exists()}


def test_it_is_made_once_and_found_again(tmp_path: Path) -> None:
    demo = make_demo(tmp_path / "demo", "care/rules", logs=False)
    for name in SUBJECTS:
        folder = demo.find_subject(name)
        subject = parse_subject((folder / "subject.toml").read_bytes(), "subject.toml")
        assert subject.name == name
        status = subprocess.run(
            ["git", "status", "--porcelain"], cwd=folder, check=True, capture_output=True
        )
        assert status.stdout == b""
    assert (
        make_demo(tmp_path / "demo", "care/rules", logs=False)
        == demo
        == open_demo(tmp_path / "demo")
    )
    written = tomllib.loads((demo.folder / "harness.toml").read_text())
    prices = read_prices(settings_model().model_validate(written))
    assert cost_micros("care/rules", Usage(input=5, output=5), prices) == 0, "it is free"


def test_each_fault_breaks_an_invariant_of_its_subject(tmp_path: Path) -> None:
    demo = make_demo(tmp_path / "demo", "care/rules", logs=False)
    for fault in FAULTS.values():
        text = (demo.find_subject(fault.subject) / "subject.toml").read_bytes()
        names = {each.name for each in parse_subject(text, "subject.toml").invariants}
        assert fault.breaks in names, fault.name


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DemoRefused, match="not empty"):
        make_demo(tmp_path, "care/rules", logs=False)
    with pytest.raises(DemoRefused, match="not the folder of a care demo"):
        open_demo(tmp_path)


@pytest.mark.parametrize(
    "name", [name for name, each in FAULTS.items() if "commit" in each.summary]
)
def test_each_commit_of_a_fault_changes_the_code(tmp_path: Path, name: str) -> None:
    demo = make_demo(tmp_path / "demo", "care/rules", logs=False)
    folder = demo.find_subject(FAULTS[name].subject)
    (folder / "deploy.py").write_text("")  # what is deployed is tried by the demo itself
    before = read_sources(folder)
    FAULTS[name].make(folder)
    after = read_sources(folder)
    assert before != after
    for file, text in after.items():
        if file.endswith(".py"):
            compile(text, file, "exec")


def test_the_same_fault_twice_is_refused(tmp_path: Path) -> None:
    demo = make_demo(tmp_path / "demo", "care/rules", logs=False)
    folder = demo.find_subject("ratelimiter")
    (folder / "deploy.py").write_text("")
    FAULTS["capacity"].make(folder)
    with pytest.raises(ValueError, match="there already"):
        FAULTS["capacity"].make(folder)


def test_a_demo_of_another_version_is_named(tmp_path: Path) -> None:
    make_demo(tmp_path / "demo", "care/rules", logs=False)
    (tmp_path / "demo" / MARK).write_text("8001 9090\n")
    with pytest.raises(DemoRefused, match="another version"):
        open_demo(tmp_path / "demo")


def test_what_a_killed_demo_has_left_is_ended(tmp_path: Path) -> None:
    left = subprocess.Popen(["sleep", "60"], start_new_session=True)
    mine = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        leftovers.begin(tmp_path)
        leftovers.note(tmp_path, left.pid)
        with pytest.raises(DemoRefused, match="runs already"):
            leftovers.begin(tmp_path)
        noted = (tmp_path / leftovers.FILE).read_text().splitlines()
        (tmp_path / leftovers.FILE).write_text(f"{2**22 - 1} 0.00\n{noted[1]}\n{mine.pid} 0.00\n")
        leftovers.begin(tmp_path)
        assert left.poll() is not None
        assert mine.poll() is None, "another process with a pid that was used before"
    finally:
        for each in (left, mine):
            each.kill()
            each.wait()
