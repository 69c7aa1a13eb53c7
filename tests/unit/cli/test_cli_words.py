"""The command line: what is understood, what is refused, what help and completion say."""

from __future__ import annotations

import contextlib
import os
import subprocess

import pytest

from harness.cli import completion
from harness.cli.commands import BY_NAME, COMMANDS
from harness.cli.help import command_text, overview_text
from harness.cli.history.time_filter import parse_since
from harness.cli.parser import UsageError, find_command, parse_arguments
from harness.cli.runs.run import parse_budget
from harness.cli.spec import Command
from harness.contracts.run import Budget
from harness.terminal.view.console import make_console


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_names_all_that_a_command_takes(command: Command) -> None:
    text = command_text(command)
    assert command.summary in text
    for each in command.args:
        assert each.shown in text
        assert each.help in text
    assert "--json" in text
    before_examples = text.partition("Examples:")[0]
    assert max(len(line) for line in before_examples.splitlines()) <= 100
    assert command.name in overview_text()


def test_words_may_stand_before_and_behind_options() -> None:
    args = parse_arguments(BY_NAME["abort"], ["one", "--reason", "why", "two", "--json"])
    assert (args.run, args.reason, args.json) == (["one", "two"], "why", True)


@pytest.mark.parametrize(
    ("words", "message", "fix"),
    [
        (["rn"], "no command 'rn'", "harness run"),
        (["--jsn"], "no option '--jsn'", "--help"),
        (["run", "x", "--agnt", "y"], "no option --agnt", "--agent"),
        (["run", "x", "y"], "does not take 'y'", "harness run --help"),
        (["run", "x", "--budget-turns", "many"], "must be a whole number", "harness run --help"),
        (["list", "--sinse", "7d"], "no option --sinse", "Did you mean --since?"),
        (["show", "x", "--since", "7d"], "no option --since", "See `harness show --help`."),
        (["keys", "foo"], "'foo' is not one of 'new', 'status', 'rotate'", "keys --help"),
        (["watch"], "required", "harness watch --help"),
    ],
)
def test_mistakes_are_told_with_the_way_out(words: list[str], message: str, fix: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_arguments(find_command(words[0]), words[1:])
    assert message in caught.value.message
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("option", "given"),
    [
        *(("cost", given) for given in ("nan", "inf", "-inf", "0", "-1", "1e300")),
        *(("seconds", given) for given in ("nan", "inf", "0")),
        ("turns", "-5"),
        ("tokens", "9" * 400),
    ],
)
def test_a_budget_that_is_no_limit(option: str, given: str) -> None:
    args = parse_arguments(BY_NAME["run"], ["x", f"--budget-{option}={given}"])
    with pytest.raises(UsageError, match=f"--budget-{option} must be above 0 and up to") as caught:
        parse_budget(args)
    assert caught.value.fix == "Omit it for no limit."


@pytest.mark.parametrize("given", ["yesterday", "7y", "7", "", "-1d"])
def test_a_time_filter_that_is_not_a_duration(given: str) -> None:
    with pytest.raises(UsageError, match=f"--since must be a duration, not '{given}'") as caught:
        parse_since(given)
    assert caught.value.fix == "Use one such as 30m, 12h, 7d or 2w."


def test_budgets() -> None:
    words = ["x", "--budget-cost", "0.5", "--budget-turns", "3", "--budget-seconds", "1.5"]
    assert parse_budget(parse_arguments(BY_NAME["run"], words)) == Budget(
        turns=3, cost_micros=500_000, seconds=1.5
    )
    assert parse_budget(parse_arguments(BY_NAME["run"], ["x"])) is None
    shared = [*words, "--budget-shared", "session"]
    assert parse_budget(parse_arguments(BY_NAME["run"], shared)) == Budget(
        turns=3, cost_micros=500_000, seconds=1.5, shared="session"
    )
    least = parse_budget(parse_arguments(BY_NAME["run"], ["x", "--budget-cost", "1e-9"]))
    assert least == Budget(cost_micros=1)


def test_who_reads_no_more_is_told_from_a_failure() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    out = os.fdopen(writes, "w")
    with pytest.raises(BrokenPipeError):
        make_console(out).print("words")
    with contextlib.suppress(BrokenPipeError):
        out.close()


@pytest.mark.parametrize(
    "script", [completion.bash_script, completion.zsh_script, completion.fish_script]
)
def test_completion_knows_each_command(script: object) -> None:
    text = script()  # type: ignore[operator]
    for command in COMMANDS:
        assert all(word in text for word in command.name.split())
    assert "budget-turns" in text


def test_bash_understands_its_completion() -> None:
    asked = f"{completion.bash_script()}\nCOMP_WORDS=(harness resu); COMP_CWORD=1; _harness"
    found = subprocess.run(
        ["bash", "-c", asked + '; echo "${COMPREPLY[@]}"'], capture_output=True, text=True
    )
    assert found.stdout.split() == ["resume"]
