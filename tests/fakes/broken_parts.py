"""Capabilities of a package whose parts do not work: for each kind of part one that does not exist,
one of the wrong type, and one that raises when it is imported. Others break only in a worker."""

from __future__ import annotations

from pathlib import Path

KINDS = {
    "commands": "a tuple of Command",
    "settings": "a subclass of Section",
    "errors": "a module",
    "migrations": "a package with REVISIONS, a tuple of names",
    "providers": "an adapter",
    "tools": "a module whose __all__ names its tools",
    "routes": "a tuple of Route",
    "panels": "a tuple of Panel",
    "workflows": "a workflow class",
    "activities": "a function that makes activities",
    "agent_workflows": "a workflow class",
    "agent_activities": "a function that makes activities",
    "service": "a coroutine function",
}
"""Each kind of part, and what one of the wrong type is not."""
TARGETS = {
    "lost": "nowhere.parts:PART",
    "wrong": "broken_parts:NUMBER",
    "raises": "broken_import:PART",
}
IN_WORKERS = {
    "makes_numbers": "agent_activities=('broken_parts:make_numbers',)",
    "makes_nothing": "agent_activities=('broken_parts:make_nothing',)",
    "takes_activity": "agent_activities=('broken_parts:make_taken',)",
    "takes_workflow": "agent_workflows=('broken_parts:Taken',)",
    "stops_serving": "service='broken_parts:stop'",
}
"""Found to be broken by a worker only."""
RECORDS = {
    "bad_target": ("commands=5", "its commands must be a string"),
    "bad_list": ("workflows='broken_parts:Taken'", "its workflows must be a tuple of strings"),
    "bad_pairs": ("providers=(('a',),)", "its providers must be a tuple of pairs"),
    "bad_command": ("commands='broken_parts:COMMANDS'", "nowhere"),
    "bad_tools": ("tools='broken_parts'", "is not a module whose __all__ names its tools"),
}
"""Records that are wrong themselves, or that name a list which is; and what is said."""
PARTS = """
from temporalio import activity, workflow
from harness.extensions import Capability, Command

__all__ = ["missing"]
NUMBER = 5
COMMANDS = (Command("broken", "Break.", "nowhere.commands:run"),)

@activity.defn(name="call_model")
async def taken(request: int) -> str:
    return "mine"

@workflow.defn(name="AgentRun")
class Taken:
    @workflow.run
    async def run(self) -> None:
        return None

def make_numbers(parts):
    return [1]

def make_nothing(parts):
    raise SystemExit("no licence")

def make_taken(parts):
    return [taken]

async def stop(connection):
    raise SystemExit("no licence")
"""


def broken_names() -> list[str]:
    return [f"{kind}_{fault}" for kind in KINDS for fault in TARGETS]


def _fields(kind: str, fault: str, target: str) -> str:
    if kind == "providers":
        return f"providers=(({fault!r}, {target!r}),)"
    many = kind.endswith(("workflows", "activities"))
    return f"{kind}=({target!r},)" if many else f"{kind}={target!r}"


def install(site: Path) -> None:
    """Write the packages as an installer would."""
    records = {
        f"{kind}_{fault}": _fields(kind, fault, target)
        for kind in KINDS
        for fault, target in TARGETS.items()
    }
    records |= IN_WORKERS | {name: fields for name, (fields, _) in RECORDS.items()}
    lines = [
        f"{name} = Capability(name={name!r}, summary='Break.', {fields})"
        for name, fields in records.items()
    ]
    info = site / "broken_parts-1.0.dist-info"
    info.mkdir()
    points = [f"{name} = broken_records:{name}" for name in records]
    (info / "entry_points.txt").write_text("\n".join(["[harness.capabilities]", *points, ""]))
    script = "\n".join(["from harness.extensions import Capability", *lines, ""])
    (site / "broken_records.py").write_text(script)
    (site / "broken_parts.py").write_text(PARTS)
    (site / "broken_import.py").write_text("raise SystemExit('no licence')\n")
