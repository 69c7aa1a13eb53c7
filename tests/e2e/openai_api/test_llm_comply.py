"""An outside judge of both protocols, against `harness serve`: it checks every answer and event
against their published schemas."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.api.test_serve import make_token, serving

pytestmark = pytest.mark.slow

JUDGE = Path(sys.executable).parent / "llm-comply"
OWN_TOOLS = {"chat-tool-calling", "tool-calling"}
"""It wants the client's own tools to be called; agents have their own."""


@pytest.mark.parametrize("protocol", ["openai-chat", "open-responses"])
def test_llm_comply(tmp_path: Path, protocol: str) -> None:
    with serving(tmp_path) as (_, told):
        token = make_token(tmp_path)
        judged = subprocess.run(
            [str(JUDGE), "--format", protocol, "-u", f"{told['url']}/v1", "-k", token,
             "-m", "assistant", "--json"],
            capture_output=True,
            text=True,
            timeout=60,
        )  # fmt: skip
    results: list[dict[str, Any]] = json.loads(judged.stdout)["results"]
    failed = {each["id"]: each for each in results if each["status"] == "failed"}
    assert failed.keys() <= OWN_TOOLS, failed
    assert sum(each["status"] == "passed" for each in results) >= 7
