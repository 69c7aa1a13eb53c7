"""What a command in the sandbox changes in the workspace, and its undo."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from harness import Agent, Harness
from harness.cli.stack.sandbox import check_sandbox
from harness.errors import SandboxUnavailable
from harness.tools import run_python, run_shell
from harness.tools.sandbox import availability
from harness.tools.sandbox.states import stays_inside
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.sandboxes import needs_linux, needs_sandbox, sandboxed
from tests.fakes.steps import call as step
from tests.fakes.steps import say

CHANGES = """
echo new > made.txt
mkdir -p folder/inner && echo x > folder/inner/x
echo more >> grown.txt
rm gone.txt
rm -r tree && mkdir tree && echo fresh > tree/fresh
rm swap && mkdir swap && echo in > swap/in
rm -r turned && echo file > turned
chmod 700 run.sh
mv renamed.txt named.txt
ln -s made.txt link
touch kept.txt
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "a, b:c\\work"  # what the options of an overlay could misread
    (folder / "tree" / "deep" / "er").mkdir(parents=True)
    (folder / "turned" / "d").mkdir(parents=True)
    for name in (
        "grown.txt", "gone.txt", "swap", "run.sh", "renamed.txt", "kept.txt", "tree/old",
        "tree/deep/er/old", "turned/d/old",
    ):  # fmt: skip
        (folder / name).write_text(f"{name}\n")
    (folder / "run.sh").chmod(0o644)
    return folder


def picture(root: Path) -> dict[str, Any]:
    """Everything below a folder."""
    return {
        str(path.relative_to(root)): (
            ("link", os.readlink(path)) if path.is_symlink()
            else "folder" if path.is_dir()
            else (path.read_bytes(), path.stat().st_mode & 0o777)
        )
        for path in sorted(root.rglob("*"))
    }  # fmt: skip


AFTER = {
    "made.txt": (b"new\n", 0o644), "folder": "folder", "folder/inner": "folder",
    "folder/inner/x": (b"x\n", 0o644), "grown.txt": (b"grown.txt\nmore\n", 0o644),
    "tree": "folder", "tree/fresh": (b"fresh\n", 0o644), "swap": "folder",
    "swap/in": (b"in\n", 0o644), "turned": (b"file\n", 0o644), "run.sh": (b"run.sh\n", 0o700),
    "named.txt": (b"renamed.txt\n", 0o644), "link": ("link", "made.txt"),
    "kept.txt": (b"kept.txt\n", 0o644),
}  # fmt: skip


@needs_sandbox
async def test_changes_are_made_and_undone_exactly(
    harness: Harness, model_server: ModelServer, name: str, root: Path
) -> None:
    before = picture(root)
    model_server.script(
        step("run_shell", command=CHANGES),
        step("run_python", code="import pathlib\npathlib.Path('made.txt').write_text('newer')"),
        say("Done."),
    )
    run = await harness.start(Agent(name, tools=[run_shell, run_python]), "Go.", workspace=root)
    outcome = await run.outcome()
    assert outcome.state == "completed"
    assert picture(root) == AFTER | {"made.txt": (b"newer", 0o644)}
    dry = await run.undo(dry_run=True)
    assert [step.state for step in dry.steps] == ["would_undo", "would_undo"]
    (root / "made.txt").write_text("someone else's")
    stopped = await run.undo()
    assert stopped.stopped and stopped.stopped.obstacle
    assert stopped.stopped.obstacle.code == "tool.changed"
    (root / "made.txt").write_text("newer")
    report = await run.undo()
    assert report.stopped is None, report
    assert picture(root) == before


@needs_sandbox
async def test_a_change_is_made_once_after_a_crash(root: Path) -> None:
    async with sandboxed(root) as call:
        said = await call("run_shell", command="echo more >> grown.txt; rm gone.txt")
        assert said == "exit code 0\n[changed: gone.txt, grown.txt]"
        call.effects.begun_elsewhere()
        (root / "gone.txt").write_text("gone.txt\n")  # as if only half of it had been done
        assert await call("run_shell", command="echo more >> grown.txt; rm gone.txt") == said
    assert (root / "grown.txt").read_text() == "grown.txt\nmore\n"
    assert not (root / "gone.txt").exists()


@pytest.mark.slow
@needs_sandbox
async def test_what_someone_changed_meanwhile_is_not_overwritten(root: Path) -> None:
    before = picture(root)
    async with sandboxed(root) as call:
        command = "echo mine >> grown.txt; echo x > made.txt; sleep 3"
        work = asyncio.create_task(call.refused("run_shell", command=command))
        await eventually(lambda: _exists_somewhere(work))
        (root / "grown.txt").write_text("someone else's\n")
        code, words = await work
    assert code == "tool.changed"
    assert "grown.txt" in words
    assert picture(root) == before | {"grown.txt": (b"someone else's\n", 0o644)}


async def _exists_somewhere(work: asyncio.Task[Any]) -> bool:
    await asyncio.sleep(1)
    return not work.done()


@pytest.mark.slow
@needs_sandbox
async def test_environment_folders_and_exit_codes(root: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "module_of_ours.py").write_text("NAME = 'shared'\n")
    env = {"PYTHONPATH": str(shared), "COLOUR": "blue"}
    async with sandboxed(root, env=env, readable=[shared]) as call:
        said = await call("run_python", code="import module_of_ours as m; print(m.NAME); 1/0")
        assert said.startswith("exit code 1\n") and "ZeroDivisionError" in said
        assert "shared" in said
        said = await call("run_shell", command=f"pwd; echo $COLOUR; touch {shared}/x; exit 3")
        assert said.startswith(f"exit code 3\n{root}\nblue\n")
        assert "Read-only file system" in said or "Permission denied" in said
        assert await call("run_shell", command="kill -TERM $$") == "exit code 143"
        refused = await call.refused("run_shell", command="a\0b")
        assert "NUL" in refused[1]


@needs_linux
async def test_a_host_without_bubblewrap_runs_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = picture(root)
    monkeypatch.setattr(availability.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(availability.shutil, "which", lambda name, path: None)
    async with sandboxed(root) as call:
        outcome = await call.request("run_shell", {"command": "touch x"})
    assert outcome.failure and outcome.failure.code == SandboxUnavailable.code
    assert "bubblewrap is not installed" in outcome.failure.message
    assert "pip install" in outcome.failure.fix
    check = await check_sandbox()
    assert (check.ok, check.note) == (True, True)
    assert "bubblewrap is not installed" in check.detail
    assert picture(root) == before


@needs_sandbox
async def test_a_host_that_refuses_namespaces_runs_nothing(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: Creating new namespace failed' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr("harness.tools.sandbox.confined_run.find_bubblewrap", lambda: broken)
    async with sandboxed(root) as call:
        code, words = await call.refused("run_shell", command="touch x")
    assert code == SandboxUnavailable.code
    assert "Creating new namespace failed" in words
    assert not (root / "x").exists()


@needs_sandbox
async def test_doctor_tries_it() -> None:
    check = await check_sandbox()
    assert (check.ok, check.note) == (True, False)
    assert "bwrap" in check.detail


@needs_sandbox
async def test_the_system_and_keys_are_no_workspace(tmp_path: Path) -> None:
    (tmp_path / "signing.key").write_text("x")
    async with sandboxed(tmp_path) as call:
        _, words = await call.refused("run_shell", command="ls")
        assert "harness" in words
    async with sandboxed(Path("/usr")) as call:
        _, words = await call.refused("run_shell", command="ls")
        assert "contains the system" in words


INSIDE = [("link", "file"), ("a/link", "../file"), ("a/b/link", "../../c/d"), ("link", "./a")]
OUTSIDE = [
    ("link", "/etc"), ("link", ".."), ("link", "../file"), ("a/link", "../../file"),
    ("link", "a/.."), ("a/b/link", "l/../../x"), ("link", "a/" * 600),
]  # fmt: skip


def test_links_that_lead_out() -> None:
    assert all(stays_inside(path, target) for path, target in INSIDE)
    assert not any(stays_inside(path, target) for path, target in OUTSIDE)
