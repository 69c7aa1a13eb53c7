"""Parse the command line into a command and its arguments.

argparse under our own table: cyclopts takes 130 ms of CPU to import and 330 ms to print a
help, a whole interpreter with argparse 17.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from harness.capabilities.registry import Found, find_capabilities, find_problems
from harness.cli.commands import BY_NAME, find_disabled_owner, list_group
from harness.cli.spec import Command

PLAINER = (
    (r"^argument (\S+): invalid int value: (.*)$", r"\1 must be a whole number, not \2"),
    (r"^argument (\S+): invalid float value: (.*)$", r"\1 must be a number, not \2"),
    (
        r"^argument (-\S+): invalid choice: (.*) \(choose from (.*)\)$",
        r"\1 must be one of \3, not \2",
    ),
    (r"^argument \S+: invalid choice: (.*) \(choose from (.*)\)$", r"\1 is not one of \2"),
    (r"^argument (\S+): expected one argument$", r"\1 needs a value"),
    (r"^argument (\S+): expected at least one argument$", r"\1 needs a value"),
    (r"^the following arguments are required: (.*)$", r"Missing required arguments: \1"),
)
"""Messages of argparse, and their plainer forms."""


class UsageError(Exception):
    """The command line is wrong."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        for pattern, words in PLAINER:
            message = re.sub(pattern, words, message)
        message = message[:1].upper() + message[1:] + ("" if message.endswith(".") else ".")
        raise UsageError(message, f"See `{self.prog} --help`.")


def split_command(words: Sequence[str]) -> tuple[Command, Sequence[str]]:
    """Find the command that a command line begins with, and what follows its name."""
    first = words[0]
    if first in BY_NAME and " " not in first:
        return BY_NAME[first], words[1:]
    if group := list_group(first):
        return _find_second(first, words[1:], group), words[2:]
    return find_command(first), words[1:]


def _find_second(first: str, words: Sequence[str], group: Sequence[Command]) -> Command:
    seconds = {each.name.partition(" ")[2]: each for each in group}
    word = words[0] if words else "-"
    if word in seconds:
        return seconds[word]
    known, see = ", ".join(seconds), f"See `harness {first} --help`."
    if word.startswith("-"):
        raise UsageError(f"`harness {first}` needs a command: {known}.", see)
    near = find_nearest(word, seconds)
    hint = f"Did you mean `harness {first} {near}`? " if near else ""
    raise UsageError(f"`harness {first}` has no command {word!r}: {known}.", hint + see)


def find_command(name: str) -> Command:
    command = BY_NAME.get(name)
    if command is None or " " in name:
        raise _unknown_command(name)
    return command


def _unknown_command(name: str) -> UsageError:
    if owner := find_disabled_owner(name):
        return UsageError(
            f"There is no command {name!r}: the capability {owner} is disabled.",
            f"Enable it: harness capabilities enable {owner}",
        )
    # Of commands with two words, people forget the first, or err in it.
    known = {each.partition(" ")[0]: each.partition(" ")[0] for each in BY_NAME}
    known |= {each.partition(" ")[2]: each for each in BY_NAME if " " in each}
    known |= {each: each for each in BY_NAME}
    near = find_nearest(name, known)
    fix = f"Did you mean `harness {known[near]}`?" if near else "See `harness --help`."
    if broken := ", ".join(find_problems()):
        fix += f" Not loaded: {broken}; see `harness capabilities`."
    if unknown := ", ".join(each.name for each in find_capabilities() if _is_unseen(each)):
        fix += f" Disabled: {unknown}; to enable: harness capabilities enable NAME"
    what = "option" if name.startswith("-") else "command"
    return UsageError(f"There is no {what} {name!r}.", fix)


def _is_unseen(found: Found) -> bool:
    """Whether a capability is disabled and not imported, so that its commands are unknown."""
    return not found.enabled and found.record is None and " " not in found.name


def parse_arguments(command: Command, words: Sequence[str]) -> argparse.Namespace:
    if command.works == "here" and any(each.partition("=")[0] == "--server" for each in words):
        raise UsageError(
            f"`harness {command.name}` works only on this machine, not through a daemon.",
            "Run it on the machine of the project, without --server.",
        )
    parser = _Parser(prog=f"harness {command.name}", add_help=False, allow_abbrev=False)
    for each in command.args:
        more: dict[str, Any] = dict(each.more)
        parser.add_argument(*each.names, **more)
    known, unknown = parser.parse_known_intermixed_args(words)
    if unknown:
        raise _unknown_option(command, unknown[0])
    return known


def _unknown_option(command: Command, word: str) -> UsageError:
    see = f"See `harness {command.name} --help`."
    if not word.startswith("-"):
        return UsageError(f"harness {command.name} does not take {word!r}.", see)
    names = {
        name.lstrip("-"): name for each in command.args if each.is_option for name in each.names
    }
    near = find_nearest(word.partition("=")[0].lstrip("-"), names)  # dashes would make all alike
    hint = f"Did you mean {names[near]}? " if near else ""
    return UsageError(f"harness {command.name} has no option {word}.", hint + see)


def find_nearest(word: str, names: Sequence[str] | dict[str, Any]) -> str | None:
    from difflib import get_close_matches

    found = get_close_matches(word, list(names), n=1, cutoff=0.6)
    return found[0] if found else None
