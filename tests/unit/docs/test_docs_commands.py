"""Every `harness` command in the documents is one that the command line takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.cli.commands import list_group
from harness.cli.parser import UsageError, parse_arguments, split_command

ROOT = Path(__file__).resolve().parents[3]
FILES = [
    *(ROOT / name for name in ("README.md", "AGENTS.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
FENCE = re.compile(r"```.*?```", re.DOTALL)
INLINE = re.compile(r"`(harness [^`]+)`")
GENERATED = "docs/reference/cli.md"  # made from the parser's own table


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def typed(file: Path) -> Iterator[list[str]]:
    """The commands that a reader is meant to type."""
    for block in SHELL.findall(file.read_text("utf-8")):
        for line in block.splitlines():
            if line.startswith("harness "):
                yield words_of(line)


def mentioned(file: Path) -> Iterator[list[str]]:
    """Those in the text, which may leave out what is beside the point."""
    text = FENCE.sub("", file.read_text("utf-8"))
    yield from (words_of(" ".join(each.split())) for each in INLINE.findall(text))


def words_of(line: str) -> list[str]:
    words = shlex.split(line, comments=True)
    end = next((i for i, word in enumerate(words) if word in ("|", "&", "&&")), len(words))
    return words[1:end]


@pytest.mark.parametrize("file", [f for f in FILES if name(f) != GENERATED], ids=name)
def test_commands_can_be_typed(file: Path) -> None:
    for words in typed(file):
        problem = refused(words)
        assert problem is None, f"{name(file)}: harness {shlex.join(words)}: {problem}"
    for words in mentioned(file):
        problem = refused(words) or ""
        if "required" not in problem and "needs a value" not in problem:
            assert not problem, f"{name(file)}: harness {shlex.join(words)}: {problem}"


def refused(words: list[str]) -> str | None:
    if words[0].startswith("-") or words[0].isupper():
        return None  # `harness --help`, `harness COMMAND --help`
    try:
        if words[1:] in ([], ["--help"]) and list_group(words[0]):
            return None  # the help of several commands
        command, rest = split_command(words)
        parse_arguments(command, [word for word in rest if word != "--help"])
    except UsageError as error:
        return error.message
    return None
