"""`harness care subject`: services under care."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from harness.care.views import SubjectView
from harness.cli.access.shown import print_table
from harness.cli.context import open_client
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.clean_text import clean_line
from harness.terminal import exit_codes

if TYPE_CHECKING:
    from harness.engine.connection import Connection

HEADS = ("SUBJECT", "INVARIANTS", "CHANGES", "FOLDER")
MARKS = {True: "ok  ", False: "FAIL", None: "-   "}


async def run_subject(args: Namespace, out: Out) -> int:
    name: str | None = args.subject
    if args.action == "list":
        if name is not None:
            see = f"To see one: harness care subject show {name}"
            raise UsageError("`harness care subject list` takes no NAME.", see)
        async with open_client(out) as client:
            return await _list(client.connection, out)
    if name is None:
        what = "FOLDER" if args.action == "add" else "NAME"
        raise UsageError(f"`harness care subject {args.action}` needs {what}.", "Add it.")
    async with open_client(out) as client:
        return await ACTIONS[args.action](client.connection, name, out)


def describe_states(states: Mapping[str, int]) -> str:
    """Such as `3 hold, 1 broken`."""
    words = (
        f"{count} {'hold' if state == 'holds' and count > 1 else state}"
        for state, count in sorted(states.items())
    )
    return ", ".join(words) or "none"


async def _list(connection: Connection, out: Out) -> int:
    from harness.care.invariants.client import list_subjects

    found = await list_subjects(connection)
    if out.json:
        for each in found:
            out.line(each.model_dump(exclude_none=True))
    elif found:
        print_table(out, HEADS, [_cells(each) for each in found])
    else:
        out.note("No subjects. To add one: harness care subject add FOLDER")
    return exit_codes.DONE


async def _add(connection: Connection, folder: str, out: Out) -> int:
    from harness.care.subjects.registry import add_subject
    from harness.engine.connection import get_identity

    subject, warnings = await add_subject(connection, Path(folder), get_identity())
    count = len(subject.watched)
    _say(
        out,
        {"added": subject.name, "invariants": count, "warnings": list(warnings)},
        f"Added {subject.name} with {count} invariants.\n"
        f"To check it: harness care subject check {subject.name}",
    )
    for each in warnings if not out.json else ():
        out.note(f"Its queries were not checked. {clean_line(each)}")
    return exit_codes.DONE


async def _remove(connection: Connection, name: str, out: Out) -> int:
    from harness.care.subjects.registry import remove_subject
    from harness.engine.connection import get_identity

    await remove_subject(connection, name, get_identity())
    _say(out, {"removed": name}, f"Removed {name}. Its folder is as it was.")
    return exit_codes.DONE


async def _check(connection: Connection, name: str, out: Out) -> int:
    from harness.care.subjects.registry import check_subject

    good = True
    async for check in check_subject(connection, name):
        good = good and check.good is not False
        line = {"check": check.what, "good": check.good, "message": check.message}
        _say(out, line, f"{MARKS[check.good]} {check.what:<10} {clean_line(check.message)}")
    return exit_codes.DONE if good else exit_codes.FAILED


async def _show(connection: Connection, name: str, out: Out) -> int:
    from harness.care.subjects.registry import find_subject

    stored = await find_subject(connection, name)
    fields = stored.subject.model_dump(mode="json", by_alias=True, exclude_none=True)
    if out.json:
        out.line({**fields, "folder": stored.folder, "added_by": stored.added_by})
        return exit_codes.DONE
    out.raw(f"{name}  {clean_line(stored.subject.summary)}".rstrip())
    out.raw(f"  folder: {clean_line(stored.folder)}")
    for key in sorted(fields.keys() - {"name", "summary", "invariant", "slo"}):
        out.raw(f"  {key}: {_format_value(fields[key])}")
    for each in stored.subject.invariants:
        out.raw(f"  invariant {each.name}: {clean_line(each.condition)}")
    for slo in stored.subject.slos:
        out.raw(f"  SLO {slo.name}: {slo.objective:g} % in {slo.days} days")
    return exit_codes.DONE


ACTIONS: Mapping[str, Callable[[Connection, str, Out], Awaitable[int]]] = {
    "add": _add, "remove": _remove, "check": _check, "show": _show,
}  # fmt: skip


def _format_value(value: Any) -> str:
    if isinstance(value, list):
        return clean_line(" ".join(map(str, cast("list[Any]", value))))
    return clean_line(str(value))


def _cells(each: SubjectView) -> tuple[str, ...]:
    return each.name, describe_states(each.states), each.changes, clean_line(each.folder)


def _say(out: Out, line: dict[str, Any], text: str) -> None:
    if out.json:
        out.line(line)
    else:
        out.raw(text)
