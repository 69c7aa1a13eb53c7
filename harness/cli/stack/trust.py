"""`harness trust`: review and record what the files of this project may do."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.config import trust as store
from harness.config._owned import read_bounded
from harness.config._sources import File, split_values
from harness.config.load import (
    Origin,
    check_state_owner,
    check_state_tracking,
    describe_values,
    find_project,
    read_project,
)
from harness.config.settings import Settings
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import ConfigError, StackRunning
from harness.stack.layout import layout_of
from harness.stack.lease import read_status
from harness.terminal import exit_codes
from harness.terminal.input.keyboard import at_terminal, read_answer


@dataclass(frozen=True)
class Wanted:
    """What this project asks for beyond harmless and already trusted settings."""

    file: File
    settings: tuple[Origin, ...]
    state: Path | None
    """A state folder that was not made here."""


async def review_trust(args: Namespace, out: Out) -> int:
    flags = [f"--{name}" for name in ("list", "remove", "yes") if getattr(args, name)]
    if len(flags) > 1:
        raise UsageError(f"{' and '.join(flags)} exclude each other.", "Pass one of them.")
    if args.list:
        return _list_trusted(out)
    project = find_project(Path.cwd())
    if args.remove:
        return await _remove_trust(project, out)
    wanted = _examine_project(project)
    if not wanted.settings and wanted.state is None:
        _print_result({"trusted": []}, f"Nothing to trust in {clean_line(str(project))}.", out)
        return exit_codes.DONE
    if not args.yes and (out.json or not at_terminal()):
        raise UsageError(
            f"Trusting {project} needs a confirmation.",
            "Review it with `harness config show`, then pass --yes to confirm.",
        )
    _print_wanted(wanted, out)  # before recording: nobody trusts what they have not seen
    if not args.yes and not await _ask_confirmation():
        out.note("Nothing is trusted.")
        return exit_codes.DONE
    _record_trust(wanted)
    files = [str(each) for each in (wanted.settings and wanted.file.path, wanted.state) if each]
    _print_result(
        {"trusted": files}, "\n".join(f"Trusted: {clean_line(each)}" for each in files), out
    )
    return exit_codes.DONE


def _examine_project(project: Path) -> Wanted:
    file = read_project(project)
    harmful = split_values(file.all_values())[1]
    if harmful and store.is_trusted(file.path, file.digest):
        harmful = {}
    state = _state_folder(project, file)
    if not os.path.lexists(state):
        return Wanted(file, tuple(describe_values(harmful)), None)
    check_state_owner(state)  # commands would refuse the folder all the same
    check_state_tracking(state)
    untrusted = None if store.is_made_here(state) else state
    return Wanted(file, tuple(describe_values(harmful)), untrusted)


def _state_folder(project: Path, file: File) -> Path:
    """The state folder once the file is trusted; HARNESS_STATE_DIR needs no trust."""
    value = file.top.get(("state_dir",))
    return project / Path(str(value.value if value else Settings().state_dir)).expanduser()


def _print_wanted(wanted: Wanted, out: Out) -> None:
    if out.json:
        wants = {each.key: each.value for each in wanted.settings}
        state = str(wanted.state) if wanted.state else None
        out.line({"file": str(wanted.file.path), "wants": wants, "state_folder": state})
        return
    if wanted.settings:
        out.raw(f"{clean_line(str(wanted.file.path))} wants to set:")
        for each in wanted.settings:
            value = clean_line(json.dumps(each.value, ensure_ascii=False, default=str))
            out.raw(f"  {each.key} = {value}  ({each.source})")
        out.raw("These settings can choose which programs run and where keys and content are sent.")
    if wanted.state is not None:
        out.raw(
            f"The state folder {clean_line(str(wanted.state))} was not created here by harness."
        )
        out.raw("Its database runs with your permissions, and with it any code stored there.")


async def _ask_confirmation() -> bool:
    typed = await read_answer("Trust this? [y/N] ")
    return (typed or "").lower() in ("y", "yes")


def _record_trust(wanted: Wanted) -> None:
    if wanted.settings:
        path, digest = str(wanted.file.path), wanted.file.digest
        store.change_trust(lambda trust: trust.files.update({path: digest}))
    if wanted.state is not None:
        store.mark_state_folder(wanted.state)


async def _remove_trust(project: Path, out: Out) -> int:
    file = read_project(project)
    state = str(_state_folder(project, file).resolve())
    if await read_status(layout_of(Path(state), project)) is not None:
        # Without trust no command finds it, not even the one that stops it.
        raise StackRunning(f"The local stack of {state} is running.")
    known = store.read_trust()
    gone = [each for each in (str(file.path), state) if each in {*known.files, *known.states}]

    def remove(trust: store.Trust) -> None:
        trust.files.pop(str(file.path), None)
        trust.states.pop(state, None)

    store.change_trust(remove)
    words = "\n".join(f"No longer trusted: {clean_line(each)}" for each in gone)
    _print_result(
        {"removed": gone}, words or f"Nothing of {clean_line(str(project))} was trusted.", out
    )
    return exit_codes.DONE


def _list_trusted(out: Out) -> int:
    known = store.read_trust()
    for path, digest in sorted(known.files.items()):
        state = _file_state(Path(path), digest)
        _print_result(
            {"path": path, "kind": "settings", "state": state},
            f"{clean_line(path)}  ({state})",
            out,
        )
    for path in sorted(known.states):
        state = "trusted" if Path(path).exists() else "missing"
        _print_result(
            {"path": path, "kind": "state", "state": state}, f"{clean_line(path)}  ({state})", out
        )
    return exit_codes.DONE


def _file_state(path: Path, digest: str) -> str:
    try:
        content = read_bounded(path)
    except ConfigError:
        content = b""
    if content is None:
        return "missing"
    return "trusted" if store.digest_of(content) == digest else "changed: trust it again"


def _print_result(facts: dict[str, Any], words: str, out: Out) -> None:
    if out.json:
        out.line(facts)
    else:
        out.raw(words)
