"""The command line: what is understood, what is refused, what help and completion say."""

from __future__ import annotations

import subprocess

import pytest

from harness.cli import completion
from harness.cli.commands import BY_NAME, COMMANDS, GROUPS, Command
from harness.cli.help import of_command, overview
from harness.cli.parser import UsageError, find, parse


def test_every_command_stands_in_one_group() -> None:
    grouped = [name for _, names in GROUPS for name in names]
    assert sorted(grouped) == sorted(BY_NAME)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_names_all_that_a_command_takes(command: Command) -> None:
    text = of_command(command)
    assert command.summary in text
    for each in command.args:
        assert each.shown in text
        assert each.help in text
    assert "--json" in text
    before_examples = text.partition("Examples:")[0]
    assert max(len(line) for line in before_examples.splitlines()) <= 100
    assert command.name in overview()


def test_words_may_stand_before_and_behind_options() -> None:
    args = parse(BY_NAME["abort"], ["one", "--reason", "why", "two", "--json"])
    assert (args.run, args.reason, args.json) == (["one", "two"], "why", True)


@pytest.mark.parametrize(
    ("words", "message", "fix"),
    [
        (["rn"], "no command 'rn'", "harness run"),
        (["--jsn"], "no option '--jsn'", "--help"),
        (["run", "x", "--agnt", "y"], "no option --agnt", "--agent"),
        (["run", "x", "y"], "does not take 'y'", "harness run --help"),
        (["run", "x", "--budget-turns", "many"], "invalid int value", "harness run --help"),
        (["watch"], "required", "harness watch --help"),
    ],
)
def test_mistakes_are_told_with_the_way_out(words: list[str], message: str, fix: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(find(words[0]), words[1:])
    assert message in caught.value.message
    assert fix in caught.value.fix


@pytest.mark.parametrize("script", [completion.bash, completion.zsh, completion.fish])
def test_completion_knows_each_command(script: object) -> None:
    text = script()  # type: ignore[operator]
    for command in COMMANDS:
        assert command.name in text
    assert "budget-turns" in text


def test_bash_understands_its_completion() -> None:
    asked = f"{completion.bash()}\nCOMP_WORDS=(harness res); COMP_CWORD=1; _harness"
    found = subprocess.run(
        ["bash", "-c", asked + '; echo "${COMPREPLY[@]}"'], capture_output=True, text=True
    )
    assert found.stdout.split() == ["resume"]
