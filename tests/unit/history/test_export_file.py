"""An export is read back as it was written, and damage is detected."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import History, HistoryEvent

from harness.contracts.errors import HarnessError
from harness.contracts.message import user_message
from harness.contracts.transcript import Node, digest
from harness.history import export
from harness.history.export import dump_recording, file_name, load_recording, read_file
from harness.history.recording import Blob, Proof, Recording
from harness.journal import Execution

FILE = Path("run.json")


def recording(texts: list[str], blobs: list[bytes]) -> Recording:
    bodies = [Node(messages=(user_message(text),)).wire() for text in texts]
    entry = HistoryEvent(event_id=1, event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)
    started = entry.workflow_execution_started_event_attributes
    started.workflow_type.name = "AgentRun"
    for body in bodies:
        started.input.payloads.add(metadata={"encoding": b"json/plain"}, data=body)
    return Recording(
        run="r",
        executions=(Execution("id-1", (entry,)), Execution("id-2", ())),
        nodes={digest(body): body for body in bodies},
        artifacts={digest(blob): Blob(blob, "text/plain") for blob in blobs},
        missing=("gone",),
        at=12.5,
    )


@settings(max_examples=30)
@given(st.lists(st.text(), max_size=5), st.lists(st.binary(), max_size=5))
def test_round_trip(texts: list[str], blobs: list[bytes]) -> None:
    before = recording(texts, blobs)
    assert load_recording(dump_recording(before), FILE) == before


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_truncation_and_changed_characters_are_detected(data: st.DataObject) -> None:
    text = dump_recording(recording(["hello", "wörld"], [b"blob"]))
    at = data.draw(st.integers(0, len(text) - 3))
    with pytest.raises(HarnessError) as caught:
        load_recording(text[:at], FILE)
    assert caught.value.code == "store.bad_export"
    other = data.draw(st.sampled_from("x0"))
    changed = text[:at] + other + text[at + 1 :]
    try:
        assert load_recording(changed, FILE) == load_recording(text, FILE), (
            "only what means nothing may change"
        )
    except HarnessError as error:
        assert error.code in ("store.bad_export", "run.too_new")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not valid JSON"),
        ("[]", "not an exported run"),
        ('{"format": "other"}', "not an exported run"),
        ('{"events": []}', "not a workflow history"),
        ('{"events": [{"eventId": "x"}]}', "not a workflow history"),
        ('{"format": "harness run", "version": 1}', "does not match its digest"),
    ],
)
def test_a_file_that_is_not_an_export(text: str, words: str) -> None:
    with pytest.raises(HarnessError, match=words) as caught:
        load_recording(text, FILE)
    assert caught.value.code == "store.bad_export"
    assert "harness export" in caught.value.fix


def test_a_newer_one(tmp_path: Path) -> None:
    text = json.dumps({"format": "harness run", "version": 2, "harness": "9.1"})
    with pytest.raises(HarnessError, match=r"harness 9\.1, a newer version") as caught:
        load_recording(text, FILE)
    assert caught.value.code == "run.too_new"


def test_a_missing_or_binary_file(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="cannot be read: No such file"):
        read_file(tmp_path / "none.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(HarnessError, match="it is not UTF-8 text"):
        read_file(tmp_path / "binary.json")


def test_a_history_as_temporals_own_tools_save_it() -> None:
    from google.protobuf.json_format import MessageToJson

    before = recording(["hi"], []).executions[0]
    (read,) = load_recording(
        MessageToJson(History(events=before.entries)), Path("order-7.json")
    ).executions
    assert read.entries == before.entries


def test_what_is_found_by_its_address_matches_it() -> None:
    """Somebody who knows how to make a digest changed an artifact."""
    data = json.loads(dump_recording(recording([], [b"blob"])))
    del data["digest"]
    [artifact] = data["artifacts"].values()
    artifact["base64"] = "AAAA"
    text = json.dumps({**data, "digest": export._compute_digest(data)})
    with pytest.raises(HarnessError, match="does not match its address"):
        load_recording(text, FILE)


def test_a_seal_comes_back_as_it_was() -> None:
    proof = Proof(b'{"seq":1}', bytes(32), {"id-1": b"\x01" * 8})
    before = replace(recording(["hello"], []), proof=proof)
    assert load_recording(dump_recording(before), FILE) == before


def test_no_two_runs_have_one_file() -> None:
    long = "ü" * 250
    runs = ["shop/42", "shop_42", "shop%2F42", "..", long, f"{long[:-1]}a", file_name(long)[:-5]]
    names = [file_name(run) for run in runs]
    assert len({name.lower() for name in names}) == len(runs)
    assert max(len(name.encode()) for name in names) <= 150
    assert not any("/" in name for name in names)
    assert file_name("shop-2.1") == "shop-2.1.json"
