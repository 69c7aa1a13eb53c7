"""`harness prompt`: save, list, compare and try prompt templates."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

from harness.cli.access.shown import print_table, show_age
from harness.cli.context import open_backend
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.cli.prompts.read_template_file import read_template_file
from harness.cli.prompts.try_prompt import try_prompt
from harness.prompts.prompt import read_ref
from harness.prompts.variables import write_value
from harness.prompts.views import VariableView, VersionSummary
from harness.terminal import exit_codes
from harness.terminal.backend import Backend
from harness.terminal.view.console import print_indented

if TYPE_CHECKING:
    from harness.cli.stack_backend import StackBackend
    from harness.remote.backend import RemoteBackend

    Action = Callable[[StackBackend | RemoteBackend, Namespace, Out], Awaitable[int]]

PAGE = 50
OPTIONS: dict[str, set[str]] = {
    "list": {"archived", "limit", "after"},
    "versions": {"limit", "after"},
    "try": {"var", "agent", "model"},
}
"""The options of each action, besides --json."""
LIST_HEADS = ("NAME", "VERSION", "SAVED", "BY", "DESCRIPTION")
VERSION_HEADS = ("VERSION", "SAVED", "BY", "SHA-256")


async def run_prompt(args: Namespace, out: Out) -> int:
    _check_usage(args)
    actions: dict[str, Action] = {
        "list": _print_list, "save": _save, "show": _show, "versions": _print_versions,
        "diff": _diff, "try": try_prompt, "archive": _archive, "restore": _archive,
    }  # fmt: skip
    if args.action == "save":
        args.text = read_template_file(args.other)
    async with open_backend(args, out, index=args.agent is not None) as backend:
        return await actions[args.action](backend, args, out)


async def _print_list(backend: Backend, args: Namespace, out: Out) -> int:
    page = await backend.prompts.list(
        archived=args.archived, limit=args.limit or PAGE, after=args.after
    )
    rows: list[tuple[str, ...]] = []
    for each in page.prompts:
        if out.json:
            out.line(each.model_dump(mode="json", exclude_none=True))
        about = each.problem or each.description or ""
        state = " (archived)" if each.archived else ""
        rows.append((
            each.name + state, f"@{each.version}", _age(each.created_at), each.by or "", about,
        ))  # fmt: skip
    if not out.json and rows:
        print_table(out, LIST_HEADS, rows)
    if not rows:
        out.note("There are no prompt templates yet. Save one: harness prompt save NAME FILE")
    _print_next(out, "list", page.next)
    return exit_codes.DONE


async def _save(backend: Backend, args: Namespace, out: Out) -> int:
    saved = await backend.prompts.save(args.prompt, args.text)
    if out.json:
        out.line({**_facts(saved), "added": saved.added})
        return exit_codes.DONE
    out.raw(saved.ref if saved.added else f"{saved.ref} has this text already.")
    words = [f"--var {each.name}=..." for each in saved.variables if each.required]
    out.note(f"Try it: {' '.join(['harness prompt try', saved.name, *words])}")
    return exit_codes.DONE


async def _show(backend: Backend, args: Namespace, out: Out) -> int:
    version = await backend.prompts.find(args.prompt)
    if out.json:
        out.line(version.model_dump(mode="json", exclude_none=True))
        return exit_codes.DONE
    state = ", archived" if version.archived else ""
    out.console.print(Text(version.ref + state, style="bold"))
    out.console.print(f"saved {_age(version.created_at)} by {version.by}", markup=False)
    out.console.print(f"sha256 {version.digest}", soft_wrap=True)
    for variable in version.variables:
        out.console.print(Text(_describe_variable(variable)), soft_wrap=True)
    print_indented(out.console, Text(version.text), 2)
    return exit_codes.DONE


async def _print_versions(backend: Backend, args: Namespace, out: Out) -> int:
    page = await backend.prompts.list_versions(
        args.prompt, limit=args.limit or PAGE, before=_read_number(args.after)
    )
    for each in page.versions if out.json else ():
        out.line(_facts(each))
    if not out.json:
        print_table(
            out,
            VERSION_HEADS,
            [(f"@{v.version}", _age(v.created_at), v.by, v.digest) for v in page.versions],
        )
    _print_next(out, f"versions {args.prompt}", page.next)
    return exit_codes.DONE


async def _diff(backend: Backend, args: Namespace, out: Out) -> int:
    found = await backend.prompts.diff(args.prompt, args.other)
    if out.json:
        out.line({"diff": found})
    elif found:
        out.raw(found.removesuffix("\n"))
    else:
        out.note(f"{args.prompt} and {args.other} have the same text.")
    return exit_codes.DONE


async def _archive(backend: Backend, args: Namespace, out: Out) -> int:
    archived = args.action == "archive"
    version = await backend.prompts.set_archived(args.prompt, archived)
    if out.json:
        out.line(_facts(version))
        return exit_codes.DONE
    out.raw(f"{version.name}: {'archived' if archived else 'restored'}")
    if archived:
        out.note(f"To restore it: harness prompt restore {version.name}")
    return exit_codes.DONE


def _facts(version: VersionSummary) -> dict[str, object]:
    """What a list of versions has of one, also if more is known of it."""
    listed = set(VersionSummary.model_fields)
    return version.model_dump(mode="json", exclude_none=True, include=listed)


def _age(at: datetime | None) -> str:
    return show_age(None if at is None else at.timestamp())


def _describe_variable(variable: VariableView) -> str:
    choices = variable.choices
    kind = variable.type if choices is None else f"one of {', '.join(choices)}"
    facts = [kind, "required" if variable.default is None else
             f"default: {write_value(variable.default)}"]  # fmt: skip
    facts += [f"{variable.max_length} characters at most"] if variable.max_length else []
    about = f"  {variable.description}" if variable.description else ""
    return f"{variable.name}: {', '.join(facts)}{about}"


def _print_next(out: Out, what: str, cursor: str | int | None) -> None:
    if cursor is None:
        return
    if out.json:
        out.line({"next": cursor})
    else:
        out.note(f"More: harness prompt {what} --after {cursor}")


def _read_number(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise UsageError(f"--after {text[:40]} is not a version.", "Use the printed number.")
    return int(text)


def _check_usage(args: Namespace) -> None:
    action = args.action
    for name in sorted({each for names in OPTIONS.values() for each in names}):
        if name not in OPTIONS.get(action, ()) and getattr(args, name) not in (None, False):
            raise UsageError(
                f"`harness prompt {action}` does not take --{name}.", "See `harness prompt --help`."
            )
    wanted = {"list": (), "save": ("NAME", "FILE"), "diff": ("NAME@V", "NAME@V")}
    needs: tuple[str, ...] = wanted.get(action, ("NAME",))
    given = [each for each in (args.prompt, args.other) if each is not None]
    if len(given) != len(needs):
        raise UsageError(
            f"`harness prompt {action}` takes {' and '.join(needs) or 'no name'}.",
            f"Write: {' '.join(['harness prompt', action, *needs])}",
        )
    for each in given[: 1 if action == "save" else 2]:
        read_ref(each)
    if args.limit is not None and args.limit < 1:
        raise UsageError("--limit must be 1 or more.", f"The default is {PAGE}.")
