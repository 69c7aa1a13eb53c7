"""A command of a disabled capability says how to get it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("name", ["forget"])
def test_a_command_of_a_disabled_capability_says_so(tmp_path: Path, name: str) -> None:
    (tmp_path / "harness").mkdir()
    (tmp_path / "harness" / "capabilities.json").write_text(json.dumps({"disabled": [name]}))
    done = subprocess.run(
        [sys.executable, "-c", "from harness.cli.main import main; main()", name, "--json"],
        cwd=tmp_path, env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert f"capability {name} is disabled" in error["message"]
    assert error["fix"] == f"Enable it: harness capabilities enable {name}"
