"""Adapters of agent-memory-integrity (PyPI) for the archive of sealed runs and for exports.

A record of the archive is a seal's row with its content, and one of an export is an event of its
history. What is asked is `harness verify`, for the archive or for a file. Both take a
token: the hash of a seal that somebody keeps elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
import uuid
from pathlib import Path
from typing import Any

from agmi.adapters.base import MemoryAdapter, Record
from agmi_stores import SETTINGS, Row, Rows, StoreAdapter

from harness.archive.sealing import draft_seal, sealed_execution
from harness.archive.verify import verify_all, verify_recording
from harness.contracts.errors import HarnessError
from harness.contracts.run import WORKFLOW
from harness.contracts.seal import START, SealEntry
from harness.history.executions import ExecutionChain
from harness.history.export import dump_recording, load_recording, read_file
from harness.history.reader import open_seals, shown_execution
from harness.history.recording import Proof, Recording
from harness.journal import VERSION, Execution
from harness.journal.seal import marks_of

HISTORIES = Path(__file__).parents[1] / "histories" / "AgentRun"
OWN, OTHER = "approved.json", "tools.json"


def read_execution(file: str) -> Execution:
    """A recorded execution, as another one with the same events."""
    [found] = read_file(HISTORIES / file).executions
    return Execution(str(uuid.uuid4()), found.entries)


class Archive(StoreAdapter):
    """Asked with the token of the newest seal, as somebody asks who keeps it elsewhere."""

    name = "harness archive, token kept elsewhere"
    detection_point = "audit"
    keeps_token = True

    def setup(self) -> None:
        super().setup()
        url = SETTINGS["database"]["url"]
        self._seals = Rows(url, "harness.seal", where="namespace", unique="hash")
        self._content = Rows(url, "harness.artifact", where="id", unique="id", order="id")
        self._space = self.harness.connection.endpoints.namespace
        for row in self._seals.read(self._space):  # of the edit before
            self._seals.delete(self._space, row["seq"])
        self._token: str | None = None

    def teardown(self) -> None:
        self._seals.close()
        self._content.close()
        super().teardown()

    def seed(self, n: int) -> None:
        for place in range(n):
            self._seal(f"{self.id}.{place}", OWN)

    def seed_other(self, n: int) -> None:
        for place in range(n):
            self._seal(f"{self.other}.{place}", OTHER)

    def append_genuine(self) -> None:
        self._seal(f"{self.id}.newest", OWN)

    def _seal(self, run: str, file: str) -> None:
        raw = shown_execution(read_execution(file))
        connection = self.harness.connection
        chain = ExecutionChain(run, WORKFLOW, "sealed", (raw,))
        new = self.run(draft_seal(connection, chain, attempts=()))
        [row] = self.run(open_seals(connection).append([new]))
        self._token = row.hash if self.keeps_token else None

    # --- past harness

    def read_all_raw(self) -> list[Record]:
        return self._read(f"{self.id}.")

    def read_other_raw(self) -> list[Record]:
        return self._read(f"{self.other}.")

    def _read(self, start: str) -> list[Record]:
        found = self._seals.read(self._space)
        return [
            Record(row["seq"], {"seal": row, "content": self._content.read(row["content"])})
            for row in found
            if row["run"].startswith(start)
        ]

    def write_raw(self, record: Record) -> None:
        self._seals.put({**record.fields["seal"], "seq": record.seq})
        for row in record.fields["content"]:
            self._content.restore(row["id"], [row])

    def delete_raw(self, seq: int) -> None:
        self._seals.delete(self._space, seq)

    def mutate_payload(self, record: Record) -> Record:
        [row] = record.fields["content"]
        place = len(row["content"]) - 200  # digits of bytes within an event
        digit = "0" if row["content"][place] != "0" else "1"
        text = row["content"][:place] + digit + row["content"][place + 1 :]
        return Record(record.seq, {**record.fields, "content": [{**row, "content": text}]})

    def forge_record(self, template: Record) -> Record:
        """A seal that continues the chain as whoever can read it would continue it."""
        seal: Row = dict(template.fields["seal"])
        entry = SealEntry.model_validate_json(bytes.fromhex(seal["entry"][2:]))
        made: dict[str, Any] = {
            "seq": template.seq + 1,
            "prev": seal["hash"],
            "run": f"{self.id}.forged",
        }
        wire = entry.model_copy(update=made).wire()
        seal |= {
            "seq": template.seq + 1, "run": f"{self.id}.forged", "entry": "\\x" + wire.hex(),
            "hash": hashlib.sha256(wire).hexdigest(), "content": seal["content"][::-1],
        }  # fmt: skip
        [row] = self.mutate_payload(template).fields["content"]
        return Record(template.seq + 1, {"seal": seal, "content": [{**row, "id": seal["content"]}]})

    def replay_onto(self, victim_seq: int, donor: Record) -> None:
        [victim] = [each for each in self.read_all_raw() if each.seq == victim_seq]
        taken = {key: donor.fields["seal"][key] for key in ("content", "key")}
        self._seals.put({**victim.fields["seal"], **taken})

    def read_meta(self, seq: int) -> dict[str, Any]:
        row = self._find(seq)
        return {key: row[key] for key in ("agent", "state", "model", "session", "cost_micros")}

    def write_meta(self, seq: int, meta: dict[str, Any]) -> None:
        self._seals.put({**self._find(seq), "state": "failed", "cost_micros": len(meta)})

    def snapshot_store(self) -> object:
        return self._seals.read(self._space)

    def restore_store(self, token: Any) -> None:
        self._seals.restore(self._space, token)

    def identity_of(self, record: Record) -> str:
        return f"{record.fields['seal']['run']}/{record.seq}"

    def payload_of(self, record: Record) -> str:
        return json.dumps([row["content"] for row in record.fields["content"]])

    def owner_of(self, record: Record) -> str:
        return record.fields["seal"]["run"].rpartition(".")[0]

    def _find(self, seq: int) -> Row:
        return next(row for row in self._seals.read(self._space) if row["seq"] == seq)

    def verify(self) -> bool:
        self.verify_detail = None
        report = self.run(verify_all(self.harness.connection, token=self._token))
        if report.problems:
            self.verify_detail = str(report.problems[0])
        return not report.problems


class ArchiveAlone(Archive):
    name = "harness archive, nothing kept elsewhere"
    keeps_token = False


class Export(MemoryAdapter):
    """One exported run. Whoever edits it makes its digest again."""

    name = "harness export"
    detection_point = "audit"
    supports_replay = supports_metadata = True
    reseals = False

    def setup(self) -> None:
        self.files: dict[str, dict[str, Any]] = {}
        self.token: str | None = None

    def teardown(self) -> None:
        self.files.clear()

    def seed(self, n: int) -> None:
        self.files["own"] = self._export("own", read_execution(OWN))
        if self.reseals:
            self.token = verify_recording(self._load("own"))[0]

    def seed_other(self, n: int) -> None:
        self.files["other"] = self._export("other", read_execution(OTHER))

    def _export(self, run: str, execution: Execution) -> dict[str, Any]:
        key, raw = os.urandom(32), shown_execution(execution)
        entry = SealEntry(
            seq=1, prev=START, kind="sealed", run=run, namespace="default", at=time.time(),
            by="suite", harness="0", projector=VERSION, workflow=WORKFLOW,
            executions=(sealed_execution(key, run, raw, [execution]),),
        )  # fmt: skip
        marks = {raw.run_id: b"".join(marks_of(key, run, raw))}
        proof = Proof(entry.wire(), key, marks)
        return json.loads(dump_recording(Recording(run, (execution,), proof=proof)))

    def _load(self, run: str) -> Recording:
        return load_recording(json.dumps(self.files[run]), Path(f"{run}.json"))

    # --- past harness

    def read_all_raw(self) -> list[Record]:
        return self._read("own")

    def read_other_raw(self) -> list[Record]:
        return self._read("other")

    def _events(self, run: str) -> list[dict[str, Any]]:
        return self.files[run]["executions"][0]["history"]["events"]

    def _read(self, run: str) -> list[Record]:
        events = json.loads(json.dumps(self._events(run)))
        return [Record(n, {"event": each, "owner": run}) for n, each in enumerate(events)]

    def _write(self, events: list[dict[str, Any]]) -> None:
        """What somebody can write who has the file: the digest is made of what is there."""
        data = self.files["own"]
        data["executions"][0]["history"]["events"] = events
        data.pop("digest", None)
        text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        data["digest"] = hashlib.sha256(text.encode()).hexdigest()
        if self.reseals:
            [execution] = self._load("own").executions
            self.files["own"] = self._export("own", execution)

    def write_raw(self, record: Record) -> None:
        events = self._events("own")
        events[record.seq : record.seq + 1] = [record.fields["event"]]
        self._write(events)

    def delete_raw(self, seq: int) -> None:
        events = self._events("own")
        del events[seq]
        self._write(events)

    def mutate_payload(self, record: Record) -> Record:
        event = json.loads(json.dumps(record.fields["event"]))
        if not _change(event):
            event["taskId"] = str(int(event.get("taskId", "0")) + 1)
        return Record(record.seq, {**record.fields, "event": event})

    def replay_onto(self, victim_seq: int, donor: Record) -> None:
        kept = {"eventId": self._events("own")[victim_seq]["eventId"]}
        self.write_raw(Record(victim_seq, {"event": {**donor.fields["event"], **kept}}))

    def read_meta(self, seq: int) -> dict[str, Any]:
        return {"eventTime": self._events("own")[seq]["eventTime"]}

    def write_meta(self, seq: int, meta: dict[str, Any]) -> None:
        events = self._events("own")
        events[seq]["eventTime"] = "2001-01-01T00:00:00Z"
        self._write(events)

    def identity_of(self, record: Record) -> str:
        return f"{record.fields['owner']}/{record.seq}"

    def payload_of(self, record: Record) -> str:
        left_out = ("eventId", "eventTime")
        event = record.fields["event"]
        kept = {key: event[key] for key in event if key not in left_out}
        return json.dumps(kept, sort_keys=True)  # maps of protobuf have no order

    def owner_of(self, record: Record) -> str:
        return record.fields["owner"]

    def reload(self) -> None:
        """It is read again in any case."""

    def verify(self) -> bool:
        self.verify_detail = None
        try:
            _, problems = verify_recording(self._load("own"), self.token)
        except HarnessError as error:
            self.verify_detail = error.message
            return False
        if problems:
            self.verify_detail = str(problems[0])
        return not problems


class ResealedExport(Export):
    """Its key is in the file: whoever edits it seals it again. A token is kept elsewhere."""

    name = "harness export, sealed again"
    reseals = True


def _change(value: Any) -> bool:
    """Change the first payload or name in an event."""
    if isinstance(value, list):
        return any(map(_change, value))
    if not isinstance(value, dict):
        return False
    for key, each in value.items():
        if key == "data":
            value[key] = base64.b64encode(base64.b64decode(each) + b" ").decode()
            return True
        if key == "identity":
            value[key] = "eve"
            return True
        if _change(each):
            return True
    return False
