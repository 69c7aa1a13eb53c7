"""`harness care subject`: services under care."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

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
    from harness.care.invariants.client import list_subjects
    from harness.care.subjects import registry

    if args.action != "list" and args.subject is None:
        what = "FOLDER" if args.action == "add" else "NAME"
        raise UsageError(f"`harness care subject {args.action}` needs {what}.", "Add it.")
    async with open_client(out) as client:
        connection = client.connection
        if args.action == "check":
            return await _check(connection, args.subject, out)
        if args.action == "add":
            folder = await asyncio.to_thread(Path(args.subject).resolve)
            name = (await registry.add_subject(connection, folder, "local")).name
        elif args.action == "remove":
            await registry.remove_subject(connection, args.subject)
            _say(
                out, {"removed": args.subject}, f"Removed {args.subject}. Its folder is untouched."
            )
            return exit_codes.DONE
        else:
            name = args.subject
            if name is not None:
                await registry.find_subject(connection, name)
        found = await list_subjects(connection)
        if args.action == "show":
            return await _show(connection, name, out)
        if args.action == "add":
            [added] = [each for each in found if each.name == name]
            total = sum(added.states.values())
            text = (
                f"Added {name}: {total} invariants. To check it: harness care subject check {name}"
            )
            _say(out, added.model_dump(exclude_none=True), text)
            return exit_codes.DONE
    print_subjects(found, out)
    return exit_codes.DONE


def print_subjects(found: list[SubjectView], out: Out) -> None:
    if out.json:
        for each in found:
            out.line(each.model_dump(exclude_none=True))
        return
    if not found:
        out.note("No subjects. To add one: harness care subject add FOLDER")
        return
    rows = [
        (each.name, describe_states(each.states), each.changes, clean_line(each.folder))
        for each in found
    ]
    print_table(out, HEADS, rows)


def describe_states(states: dict[str, int]) -> str:
    """Such as `3 holds, 1 broken`."""
    return ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "none"


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
    shown = stored.subject.model_dump(mode="json", by_alias=True, exclude_none=True)
    if out.json:
        out.line({**shown, "folder": stored.folder, "added_by": stored.added_by})
        return exit_codes.DONE
    out.raw(f"{name}  {clean_line(stored.subject.summary)}".rstrip())
    out.raw(f"  folder: {clean_line(stored.folder)}")
    for key, value in shown.items():
        if key not in ("name", "summary", "invariant"):
            text = " ".join(value) if isinstance(value, list) else value
            out.raw(f"  {key}: {clean_line(str(text))}")
    for each in stored.subject.invariants:
        out.raw(f"  invariant {each.name}: {clean_line(each.condition)}")
    return exit_codes.DONE


def _say(out: Out, line: dict[str, object], text: str) -> None:
    if out.json:
        out.line(line)
    else:
        out.raw(text)
