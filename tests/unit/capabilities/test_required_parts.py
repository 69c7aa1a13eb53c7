"""No worker serves runs without a capability that may limit them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LOAD = """
import json, site, sys
site.getsitepackages = lambda: [sys.argv[1]]
sys.path.append(sys.argv[1])
from harness.capabilities.registry import enabled_capabilities, load_part
from harness.capabilities.checks import INTERCEPTOR, SETTINGS
from harness.capabilities.required import check_required
from harness.contracts.errors import BrokenCapability
for record in enabled_capabilities():
    if record.name == "limits_all":
        for target, kind in ((record.settings, SETTINGS), (record.tool_interceptor, INTERCEPTOR)):
            target and load_part(record, target, kind)
try:
    check_required()
except BrokenCapability as error:
    print(json.dumps([error.message, error.fix]))
else:
    print(json.dumps(None))
"""
RECORD = """
from harness.extensions import Capability
HERE = Capability(name="limits_all", summary="Limit.", {fields})
"""


def check(folder: Path, fields: str, disabled: str = "[]") -> list[str] | None:
    package = folder / "limits_all-1.0.dist-info"
    package.mkdir()
    (package / "entry_points.txt").write_text("[harness.capabilities]\nlimits_all = limiting:HERE")
    (folder / "limiting.py").write_text(RECORD.format(fields=fields))
    (folder / "harness").mkdir()
    (folder / "harness" / "capabilities.json").write_text(f'{{"disabled": {disabled}}}')
    env = {k: v for k, v in os.environ.items() if not k.startswith("HARNESS")}
    env["XDG_CONFIG_HOME"] = str(folder)
    return json.loads(subprocess.check_output([sys.executable, "-c", LOAD, folder], env=env))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("tool_interceptor='nowhere:make'", "No module named 'nowhere'"),
        ("tool_interceptor='limiting:HERE'", "is not a function that makes an interceptor"),
        ("tool_interceptor='limiting:print', settings='nowhere:S'", "No module named 'nowhere'"),
        ("run_watch='limiting:HERE', requires=('lost',)", "it needs lost"),
        ("model_interceptor='limiting:HERE', commands=5", "its commands must be a string"),
        ("retired_field=True", "retired_field"),
    ],
)
def test_a_worker_does_not_serve_without_what_may_limit_runs(
    tmp_path: Path, fields: str, reason: str
) -> None:
    refused = check(tmp_path, fields)
    assert refused is not None
    message, fix = refused
    assert "limits_all (limits_all 1.0)" in message
    assert reason in message
    assert "harness capabilities disable limits_all" in fix


@pytest.mark.parametrize(
    ("fields", "disabled"),
    [
        ("tool_interceptor='nowhere:make'", '["limits_all"]'),
        ("settings='nowhere:Settings'", "[]"),
    ],
)
def test_it_serves_without_one_that_is_disabled_or_limits_nothing(
    tmp_path: Path, fields: str, disabled: str
) -> None:
    assert check(tmp_path, fields, disabled) is None
