"""What is kept of a trial that went wrong: everything that it takes to see why."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToJson

from harness.sdk.client import HarnessClient
from tests.crash.trial import Outcome, patient
from tests.crash.world import notes, workspace


async def keep(outcome: Outcome, folder: Path, client: HarnessClient) -> None:
    _write_local(outcome, folder)
    for name, ask in _asked(outcome, folder, client).items():
        try:
            _write(folder / name, await patient(ask))
        except Exception as error:
            _write(folder / name, f"could not be read: {error!r}")


def _write_local(outcome: Outcome, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    case, found = outcome.case, outcome.evidence
    ground = Path(case.crew.asked["folder"])
    _write(folder / "violations.txt", "\n".join(outcome.violations + outcome.undo_violations))
    _write(folder / "plan.json", _json(case.trial))
    _write(folder / "log.txt", "\n".join(case.log))
    _write(folder / "decisions.json", _json(case.decisions))
    _write(folder / "effects.json", _json(found.effects if found else None))
    _write(folder / "visits.json", _json(case.visits))
    for number, follower in enumerate(case.followers, 1):
        lines = [event.model_dump_json() for event in follower.events]
        _write(folder / f"follower-{number}.jsonl", "\n".join(lines))
    if (ground / "worker.log").exists():
        shutil.copy(ground / "worker.log", folder)
    for source in (notes(ground), workspace(ground)):
        if source.exists():
            shutil.copytree(source, folder / "world" / source.name)


def _asked(outcome: Outcome, folder: Path, client: HarnessClient) -> dict[str, Any]:
    """What the servers are asked for, by the file it goes to."""
    run = outcome.case.run

    async def ledger() -> str:
        return json.dumps([row.model_dump() for row in await run.effects()], indent=1)

    async def engine() -> str:
        temporal = client.connection.temporal
        described = await temporal.get_workflow_handle(run.id).describe()
        return MessageToJson(described.raw_description)

    async def export() -> str:
        await run.export(folder / "run.json")
        return "in run.json"

    return {"ledger.json": ledger, "engine.json": engine, "export.txt": export}


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, default=lambda each: getattr(each, "__dict__", str(each)))


def _write(path: Path, text: str) -> None:
    path.write_text(text)
