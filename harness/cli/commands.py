"""The commands of every enabled capability. Help, parser and completion read them here.

Only plain tuples, because each call of `harness` loads them: argparse and whatever a command needs
are loaded when it runs.
"""

from __future__ import annotations

from harness.capabilities.checks import COMMANDS as TABLE
from harness.capabilities.registry import (
    enabled_capabilities,
    find_capabilities,
    load_part,
    report_problem,
)
from harness.cli.spec import SERVER, STACK_ONLY, Command

GROUP_ORDER = (
    "Run",
    "Inspect",
    "Replay and fork",
    "Steer",
    "Care",
    "Keep and delete",
    "Serve",
    "Set up",
    "Other",
)
"""The headings of `harness --help`."""


OWNERS: dict[str, str] = {}
"""The capability of each command."""


def _load_commands() -> dict[str, Command]:
    found: dict[str, Command] = {}
    for record in enabled_capabilities():
        if record.commands is None:
            continue
        own: tuple[Command, ...] = load_part(record, record.commands, TABLE) or ()
        taken = next((each.name for each in own if each.name in found), None)
        if taken is not None:
            report_problem(record, f"the command {taken!r} already exists")
            continue
        found |= {command.name: _add_server_option(command) for command in own}
        OWNERS.update(dict.fromkeys((command.name for command in own), record.name))
    return found


def _add_server_option(command: Command) -> Command:
    if command.works == "here":
        return command
    option = SERVER if command.works == "anywhere" else STACK_ONLY
    return command._replace(args=(*command.args[:-1], option, *command.args[-1:]))


BY_NAME = _load_commands()
COMMANDS = tuple(BY_NAME.values())


def list_group(word: str) -> list[Command]:
    """List the commands whose names begin with a word and have another: `care query`."""
    return [each for each in COMMANDS if each.name.startswith(f"{word} ")]


def find_disabled_owner(name: str) -> str | None:
    """The disabled capability that has the command `name`, or commands that begin with this word.
    Disabled ones of installed packages are
    not imported, so their commands are unknown."""
    for each in find_capabilities():
        if each.enabled or each.record is None or each.record.commands is None:
            continue
        commands: tuple[Command, ...] = load_part(each.record, each.record.commands, TABLE) or ()
        if any(name in (found.name, found.name.partition(" ")[0]) for found in commands):
            return each.name
    return None


def grouped_commands() -> list[tuple[str, list[Command]]]:
    """The commands under the headings of `harness --help`."""
    groups: dict[str, list[Command]] = {name: [] for name in GROUP_ORDER}
    for command in COMMANDS:
        groups.setdefault(command.group, groups["Other"]).append(command)
    return [(name, commands) for name, commands in groups.items() if commands]
