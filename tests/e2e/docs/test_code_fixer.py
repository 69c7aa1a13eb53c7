"""The evaluation of the code fixer, offline: replies over the wire, code judged in the sandbox."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.command import harness_command
from tests.fakes.sandboxes import needs_sandbox

EXAMPLES = Path(__file__).parents[3] / "examples"
FILES = ("code_fixer.py", "code_fixer.toml", "code_fixer.jsonl")


@pytest.mark.slow
@needs_sandbox
def test_the_suite_sees_who_repairs_and_who_edits_the_tests(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "broken", tmp_path / "broken")
    for name in FILES:
        shutil.copy(EXAMPLES / name, tmp_path)
    server = subprocess.Popen(
        [
            sys.executable, str(EXAMPLES / "recorded_model.py"),
            str(EXAMPLES / "code_fixer.replies.jsonl"), "0",
        ],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        env = {
            **os.environ, "HARNESS_PROVIDERS__RECORDED__KIND": "chat",
            "HARNESS_PROVIDERS__RECORDED__BASE_URL": server.stdout.readline().strip(),
        }  # fmt: skip
        done = subprocess.run(
            harness_command("eval", "code_fixer.toml"),
            cwd=tmp_path, env=env, capture_output=True, text=True, timeout=400, check=False,
        )  # fmt: skip
    finally:
        server.kill()
        server.wait()
    said = " ".join(done.stdout.split())
    assert done.returncode == 0, done.stdout + done.stderr  # the threshold is 60 %
    assert "repaired 2/3, tests kept 2/3, trajectory 3/3" in said
    repaired = [*tmp_path.glob("eval-workspaces/*/*/average/average.py")]
    assert sorted("if values else 0" in each.read_text() for each in repaired) == [
        False,
        False,
        True,
    ]
    assert "/ len(values)\n" in (tmp_path / "broken/average/average.py").read_text()
