"""`harness prompt`: save, list, compare and try prompt templates."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Awaitable, Callable

from rich.text import Text

from harness.cli.access.shown import print_table, show_age
from harness.cli.context import open_client
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.cli.prompts.read_template_file import read_template_file
from harness.cli.prompts.try_prompt import try_prompt
from harness.prompts.client import Prompts, Version
from harness.prompts.prompt import read_ref
from harness.prompts.variables import Variable, write_value
from harness.prompts.views import PromptSummary, VersionSummary, VersionView
from harness.sdk.client import HarnessClient
from harness.terminal import exit_codes
from harness.terminal.view.console import print_indented

Action = Callable[[HarnessClient, Namespace, Out], Awaitable[int]]

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
    async with open_client(out, index=args.agent is not None) as client:
        return await actions[args.action](client, args, out)


async def _print_list(client: HarnessClient, args: Namespace, out: Out) -> int:
    page = await Prompts(client.connection).list(
        archived=args.archived, limit=args.limit or PAGE, after=args.after
    )
    rows: list[tuple[str, ...]] = []
    for each in page.prompts:
        if out.json:
            out.line(PromptSummary.of(each).model_dump(mode="json", exclude_none=True))
        about = each.problem or each.description or ""
        state = " (archived)" if each.archived else ""
        rows.append((
            each.name + state, f"@{each.version}", show_age(each.created), each.by or "", about,
        ))  # fmt: skip
    if not out.json and rows:
        print_table(out, LIST_HEADS, rows)
    if not rows:
        out.note("There are no prompt templates yet. Save one: harness prompt save NAME FILE")
    _print_next(out, "list", page.next)
    return exit_codes.DONE


async def _save(client: HarnessClient, args: Namespace, out: Out) -> int:
    saved = await Prompts(client.connection).save(args.prompt, args.text)
    version = saved.version
    if out.json:
        out.line({**_facts(version), "added": saved.added})
        return exit_codes.DONE
    out.raw(version.ref if saved.added else f"{version.ref} has this text already.")
    words = [f"--var {name}=..." for name, v in version.template.variables.items() if v.required]
    out.note(f"Try it: {' '.join(['harness prompt try', version.name, *words])}")
    return exit_codes.DONE


async def _show(client: HarnessClient, args: Namespace, out: Out) -> int:
    version = await Prompts(client.connection).find(args.prompt)
    if out.json:
        out.line(VersionView.of_full(version).model_dump(mode="json", exclude_none=True))
        return exit_codes.DONE
    state = ", archived" if version.archived else ""
    out.console.print(Text(version.ref + state, style="bold"))
    out.console.print(f"saved {show_age(version.created)} by {version.by}", markup=False)
    out.console.print(f"sha256 {version.digest}", soft_wrap=True)
    for name, variable in version.template.variables.items():
        out.console.print(Text(_describe_variable(name, variable)), soft_wrap=True)
    print_indented(out.console, Text(version.text), 2)
    return exit_codes.DONE


async def _print_versions(client: HarnessClient, args: Namespace, out: Out) -> int:
    page = await Prompts(client.connection).list_versions(
        args.prompt, limit=args.limit or PAGE, before=_read_number(args.after)
    )
    for each in page.versions if out.json else ():
        out.line(_facts(each))
    if not out.json:
        print_table(
            out,
            VERSION_HEADS,
            [(f"@{v.version}", show_age(v.created), v.by, v.digest) for v in page.versions],
        )
    _print_next(out, f"versions {args.prompt}", page.next)
    return exit_codes.DONE


async def _diff(client: HarnessClient, args: Namespace, out: Out) -> int:
    found = await Prompts(client.connection).diff(args.prompt, args.other)
    if out.json:
        out.line({"diff": found})
    elif found:
        out.raw(found.removesuffix("\n"))
    else:
        out.note(f"{args.prompt} and {args.other} have the same text.")
    return exit_codes.DONE


async def _archive(client: HarnessClient, args: Namespace, out: Out) -> int:
    archived = args.action == "archive"
    version = await Prompts(client.connection).set_archived(args.prompt, archived)
    if out.json:
        out.line(_facts(version))
        return exit_codes.DONE
    out.raw(f"{version.name}: {'archived' if archived else 'restored'}")
    if archived:
        out.note(f"To restore it: harness prompt restore {version.name}")
    return exit_codes.DONE


def _facts(version: Version) -> dict[str, object]:
    return VersionSummary.of(version).model_dump(mode="json", exclude_none=True)


def _describe_variable(name: str, variable: Variable) -> str:
    kind = variable.type if variable.choices is None else variable.meaning
    facts = [kind, "required" if variable.default is None else
             f"default: {write_value(variable.default)}"]  # fmt: skip
    facts += [f"{variable.max_length} characters at most"] if variable.max_length else []
    about = f"  {variable.description}" if variable.description else ""
    return f"{name}: {', '.join(facts)}{about}"


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
