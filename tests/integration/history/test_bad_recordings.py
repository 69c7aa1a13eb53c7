"""Recordings that this version cannot read: each error says why, and what to do."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from harness.contracts.errors import RunError
from harness.history.export import read_file
from harness.replay.check import replay_recordings
from tests.histories.read import HERE


def newer(tmp_path: Path, place: str) -> Path:
    """A history with a word that has a field of a later version."""
    data: dict[str, Any] = json.loads((HERE / "AgentRun" / "tools.json").read_text("utf-8"))
    attributes = next(each[place] for each in data["events"] if place in each)
    payload = attributes["input" if "input" in attributes else "result"]["payloads"][0]
    word = json.loads(base64.b64decode(payload["data"])) | {"of_tomorrow": 1}
    payload["data"] = base64.b64encode(json.dumps(word).encode()).decode()
    file = tmp_path / "newer.json"
    file.write_text(json.dumps(data), "utf-8")
    return file


@pytest.mark.parametrize(
    ("place", "word"),
    [
        ("workflowExecutionStartedEventAttributes", "RunSpec"),
        ("activityTaskScheduledEventAttributes", "CallModel"),
        ("activityTaskCompletedEventAttributes", "ModelTurn"),
        ("workflowExecutionCompletedEventAttributes", "RunEnd"),
    ],
)
async def test_a_run_of_a_newer_version(tmp_path: Path, place: str, word: str) -> None:
    recording = read_file(newer(tmp_path, place))
    with pytest.raises(
        RunError, match=f"a {word} that this version cannot read: of_tomorrow"
    ) as at:
        _ = recording.events
    assert at.value.code == "run.too_new"
    assert "Upgrade harness" in at.value.fix
    good = read_file(HERE / "AgentRun" / "tools.json")
    outcomes = [each async for each in replay_recordings([recording, good])]
    assert [each.ok for each in outcomes] == [True, False], "the others are replayed"
    assert "Upgrade harness" in outcomes[1].text
