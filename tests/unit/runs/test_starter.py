"""The starter scripts offer what the client does."""

from __future__ import annotations

import inspect
import runpy
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from harness.contracts.verdicts import Decision
from harness.sdk.handle import RunHandle

SCRIPT = Path(__file__).parents[3] / "starter" / "decide.py"
OPTIONS = set(inspect.signature(RunHandle.decide).parameters) - {"self", "verdict", "id", "key"}
"""`key` makes a decision that is sent twice one: a script sends it once."""


class Recorder:
    """Takes note of what would be decided."""

    async def decide(self, verdict: str, id: str | None, **more: Any) -> Decision:
        self.decided = {"verdict": verdict, "id": id, **more}
        return Decision(id="call_1", verdict="edit")


def test_decide_offers_every_option(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["decide.py", "--help"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(SCRIPT), run_name="__main__")
    shown = capsys.readouterr().out
    assert {name for name in OPTIONS if f"--{name}" not in shown} == set()


async def test_decide_passes_every_option_on() -> None:
    decide = runpy.run_path(str(SCRIPT))["send_decision"]
    given = {"verdict": "edit", **{name: f"the {name}" for name in OPTIONS}}
    run = Recorder()
    await decide(run, Namespace(call="call_1", **given))
    assert run.decided == {"id": "call_1", **given}
