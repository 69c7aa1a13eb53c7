"""Writes a recording to a JSON file and reads it back, checking everything in it.

Histories use Temporal's own JSON, so that other tools can read them.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHistory

from harness.contracts.attempt import Attempt
from harness.contracts.errors import InvalidExport, RunTooNew, StoreError
from harness.contracts.transcript import digest
from harness.history.bounded import parse_bounded, read_text
from harness.history.recording import Blob, Proof, Recording
from harness.journal import Execution

FORMAT = "harness run"
VERSION = 1
NAME_BYTES = 145


def file_name(run: str) -> str:
    """Name the export of a run: unique, and valid on every file system."""
    name = quote(run, safe="")
    if len(name) > NAME_BYTES:  # quoted, no name has a = in it
        name = f"{name[: NAME_BYTES - 33]}={hashlib.sha256(run.encode()).hexdigest()[:32]}"
    return f"{name}.json"


def dump_recording(recording: Recording) -> str:
    data: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "harness": recording.harness,
        "projector": recording.projector,
        "run": recording.run,
        "at": recording.at,
        "executions": [
            {"run_id": each.run_id, "history": MessageToDict(History(events=each.entries))}
            for each in recording.executions
        ],
        "specs": _decode_texts(recording.specs),
        "nodes": _decode_texts(recording.nodes),
        "artifacts": {id: _encode_blob(blob) for id, blob in recording.artifacts.items()},
        "missing": list(recording.missing),
        "attempts": [json.loads(each.wire()) for each in recording.attempts],
    }
    if (proof := recording.proof) is not None:
        data["seal"] = {
            "entry": proof.entry.decode(),
            "key": proof.key.hex(),
            "marks": {id: marks.hex() for id, marks in proof.marks.items()},
        }
    return (
        json.dumps({**data, "digest": _compute_digest(data)}, ensure_ascii=False, indent=1) + "\n"
    )


def read_file(file: Path) -> Recording:
    """Read a run from a file.

    Args:
        file: An export, or a history as Temporal's own tools save it.

    Returns:
        The run with everything that it names, to fork or to ask what if.

    Raises:
        InvalidExport: The file is not one, or it was changed.
        RunTooNew: A newer version of harness wrote it.
    """
    return load_recording(read_text(file), file)


def load_recording(text: str, file: Path) -> Recording:
    data: Any = parse_bounded(text, file)
    if isinstance(data, dict) and "format" not in data and "events" in data:
        return _load_temporal_history(cast("dict[str, Any]", data), file)
    if not isinstance(data, dict) or cast("dict[str, Any]", data).get("format") != FORMAT:
        raise _invalid_export(file, "it is not an exported run")
    data = cast("dict[str, Any]", data)
    if not isinstance(data.get("version"), int) or data["version"] > VERSION:
        raise RunTooNew(f"{file} was exported by harness {data.get('harness')}, a newer version.")
    stated = data.pop("digest", None)
    if stated != _compute_digest(data):
        raise _invalid_export(file, "it was changed: its content does not match its digest")
    try:
        return _decode_recording(data)
    except (
        KeyError, TypeError, ValueError, AttributeError, ParseError, RecursionError
    ) as error:  # fmt: skip
        raise _invalid_export(file, f"{type(error).__name__}: {error}"[:500]) from error


def _decode_recording(data: dict[str, Any]) -> Recording:
    for kind in ("specs", "nodes"):
        for id, content in data[kind].items():
            if digest(content.encode()) != id:
                raise ValueError(f"{kind} {id} does not match its address")
    return Recording(
        run=data["run"],
        executions=tuple(
            Execution(each["run_id"], tuple(ParseDict(each["history"], History()).events))
            for each in data["executions"]
        ),
        specs={id: text.encode() for id, text in data["specs"].items()},
        nodes={id: text.encode() for id, text in data["nodes"].items()},
        artifacts={id: _decode_artifact(id, each) for id, each in data["artifacts"].items()},
        missing=tuple(data["missing"]),
        attempts=tuple(Attempt.model_validate(each) for each in data.get("attempts", ())),
        proof=_decode_proof(data["seal"]) if "seal" in data else None,
        harness=data["harness"],
        projector=data["projector"],
        at=data["at"],
    )


def _decode_artifact(id: str, data: dict[str, Any]) -> Blob:
    content, salt = base64.b64decode(data["base64"]), base64.b64decode(data.get("salt", ""))
    if digest(salt + content) != id:
        raise ValueError(f"artifact {id} does not match its address")
    return Blob(content, data["media_type"], salt)


def _decode_proof(data: dict[str, Any]) -> Proof:
    marks = {id: bytes.fromhex(text) for id, text in data["marks"].items()}
    return Proof(data["entry"].encode(), bytes.fromhex(data["key"]), marks)


def _load_temporal_history(data: dict[str, Any], file: Path) -> Recording:
    try:
        events = tuple(WorkflowHistory.from_json("", data).events)
        started = events[0].workflow_execution_started_event_attributes
    except (ParseError, ValueError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise _invalid_export(file, f"it is not a workflow history: {error}") from None
    run_id = started.original_execution_run_id
    run = started.workflow_id or file.name.partition(".")[0]
    return Recording(run, (Execution(run_id, events),))


def _encode_blob(blob: Blob) -> dict[str, Any]:
    data = {"media_type": blob.media_type, "base64": base64.b64encode(blob.content).decode()}
    return data | ({"salt": base64.b64encode(blob.salt).decode()} if blob.salt else {})


def _decode_texts(values: Mapping[str, bytes]) -> dict[str, str]:
    return {id: content.decode() for id, content in values.items()}


def _compute_digest(data: Mapping[str, Any]) -> str:
    """Hash the canonical form, so that reformatting the file does not change it."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _invalid_export(file: Path, why: str) -> StoreError:
    return InvalidExport(f"{file} cannot be used: {why}.")
