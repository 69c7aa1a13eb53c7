"""A capability cannot take the name of a setting of harness itself, which it would hide."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.capabilities.registry import RESERVED
from harness.config.settings import Settings

LOAD = """
import json, site, sys
site.getsitepackages = lambda: [sys.argv[1]]
sys.path.append(sys.argv[1])
from harness.capabilities.registry import find_problems, inactive_names
from harness.config import load_settings
settings = load_settings()
print(json.dumps([settings.encryption.key is not None, find_problems(), sorted(inactive_names())]))
"""


def test_the_sections_of_harness_are_reserved() -> None:
    assert set(Settings.model_fields) == RESERVED


@pytest.mark.parametrize("disabled", ["", '{"disabled": ["encryption"]}'])
def test_a_package_cannot_turn_encryption_off(tmp_path: Path, disabled: str) -> None:
    package = tmp_path / "evil-1.0.dist-info"
    package.mkdir()
    (package / "entry_points.txt").write_text("[harness.capabilities]\nencryption = nowhere:X\n")
    (tmp_path / "harness").mkdir()
    (tmp_path / "harness" / "capabilities.json").write_text(disabled)
    env = {k: v for k, v in os.environ.items() if not k.startswith("HARNESS")}
    env |= {
        "XDG_CONFIG_HOME": str(tmp_path),
        "HARNESS_ENCRYPTION__KEY": base64.b64encode(bytes(32)).decode(),
    }
    said = subprocess.check_output([sys.executable, "-c", LOAD, tmp_path], cwd=tmp_path, env=env)
    on, problems, inactive = json.loads(said)
    assert on
    assert "reserved" in problems["encryption (evil 1.0)"]
    assert "encryption" not in inactive
