"""Print a run's card on the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from rich.console import Console
from rich.text import Text

from harness.contracts import event as e
from harness.contracts.clean_text import clean_line
from harness.contracts.provenance import AgentSummary
from harness.contracts.run import RunState
from harness.contracts.verdicts import MEANINGS
from harness.journal.card import Card, ChildRun, SteeringSignal
from harness.terminal.view.arguments import INDENT, argument_block
from harness.terminal.view.console import is_narrow
from harness.terminal.view.live import STYLES, TRUNCATED, describe_decision
from harness.terminal.view.text import (
    clean_shown,
    count_of,
    describe_prompt,
    describe_retry,
    describe_undone,
    format_duration,
    format_totals,
    one_line,
    refusal_kind,
)

SAID = 2_000
FORKS = 5
INSTRUCTIONS = 400
CHILDREN = 5
WORKERS = 3
"""How many are shown; --json has all of them."""
TEXT = 11
"""The column where text begins, after its label."""
COPIED = ("harness ", "http://", "https://")
"""Text to copy stays on one line; the terminal wraps it."""
KINDS = 5
"""How many kinds of refused signals are shown."""


def show_card(console: Console, card: Card, url: str | None, now: float) -> None:
    console.print(card.run, style="bold", end="  ", soft_wrap=True)
    console.print(card.state.value, style=STYLES.get(card.state, ""))
    narrow = is_narrow(console)
    for name, text in (*_about_lines(card, now), *_steering_lines(card), *_ending_lines(card, url)):
        console.print(f"  {name:<9}", style="quiet", end="")
        if narrow and not text.startswith(COPIED):
            _print_hanging(console, clean_shown(text))
        else:
            console.print(clean_shown(text).replace("\n", "\n" + " " * TEXT), soft_wrap=True)


def _print_hanging(console: Console, text: str) -> None:
    """Print text wrapped at words, aligned after the label."""
    lines = Text(text).wrap(console, max(10, console.width - TEXT), overflow="fold")
    console.print(f"\n{' ' * TEXT}".join(line.plain.rstrip() for line in lines), soft_wrap=True)


def _about_lines(card: Card, now: float) -> Iterator[tuple[str, str]]:
    yield "prompt", _shorten_text(card.asked)
    if card.template:
        yield "template", describe_prompt(card.template)
    yield "agent", f"{card.agent} on {card.model}"
    yield from _agent_lines(card.spec)
    at = datetime.fromtimestamp(card.started).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    last = (card.ended or now) - card.started
    took_ = f"took {format_duration(last)}" if card.ended else f"{format_duration(last)} ago"
    yield "started", f"{at}{f' by {card.by}' if card.by else ''}, {took_}"
    if card.owner:
        yield "owner", card.owner
    if card.session:
        yield "session", card.session
    if card.parent:
        yield "fork of", f"{card.parent.run}, turn {card.parent.turn}"
    if card.forks:
        more = len(card.forks) - FORKS
        rest = f" and {more} more: harness list --forks-of {shlex.quote(card.run)}"
        yield "forks", ", ".join(card.forks[:FORKS]) + (rest if more > 0 else "")
    yield "used", format_totals(card.totals)
    yield from _child_lines(card.children)
    yield from _worker_lines(card.workers)
    if card.stuck:
        yield "stuck", card.stuck
    if card.state is RunState.PENDING:
        yield "doing", "waiting for a worker"
    if card.doing and not card.waiting:
        yield "doing", f"turn {card.turn}: {card.doing}"
    for each in card.retries:
        yield "retries", describe_retry(each, now)


def _agent_lines(agent: AgentSummary | None) -> Iterator[tuple[str, str]]:
    if agent is None:
        return
    if len(agent.models) > 1:
        yield "", f"models: {agent.plan}"
    if agent.tools:
        yield "", f"tools: {', '.join(agent.tools)}"
    if agent.instructions.strip():
        yield "", f"instructions: {one_line(agent.instructions, INSTRUCTIONS)}"


def _child_lines(children: Sequence[ChildRun]) -> Iterator[tuple[str, str]]:
    """The latest runs of agents that this run called as tools."""
    if more := max(0, len(children) - CHILDREN):
        yield "called", f"{count_of(more, 'earlier run')}: --json has all of them"
    for each in children[more:]:
        state = each.state.value if each.state else "not ended"
        yield "called", f"{each.agent}, run {each.run} (turn {each.turn}): {state}"


def _worker_lines(workers: Sequence[e.Worker]) -> Iterator[tuple[str, str]]:
    """The latest code and processes that ran it."""
    builds = list(dict.fromkeys(each.build for each in workers if each.build))
    if builds:
        yield "code", ", then ".join(builds[-WORKERS:])
    names = list(dict.fromkeys(each.name for each in workers))
    if names:
        more = f" and {count_of(len(names) - WORKERS, 'other')}" if len(names) > WORKERS else ""
        yield "ran on", ", ".join(names[-WORKERS:]) + more


def _steering_lines(card: Card) -> Iterator[tuple[str, str]]:
    for waits in card.waiting:
        what = f"{clean_line(waits.tool)}: " if waits.tool else ""
        yield "waiting", f"for a person ({waits.id}): {what}{one_line(waits.question, 2_000)}"
        yield from _deadline_lines(waits)
        block = argument_block(waits.asked, "", lines=None)
        yield "", "\n".join(line.removeprefix(INDENT) for line in block)
        for line in decision_commands(card.run, waits):
            yield "", line
    for made in card.decided:
        yield "decided", f"{made.id or ''} {describe_decision(made)}".strip()
    for told in card.told:
        yield "steered", _steering_text(told)
    for line in _refused_lines(card.refused):
        yield "refused", line
    for reset in card.resets:
        yield "reset", one_line(reset.reason)
    if card.resets and card.ended is None:
        yield "", "Workers fail a run that was reset, unless worker.accept_resets is set."


def _deadline_lines(waits: e.DecisionRequested) -> Iterator[tuple[str, str]]:
    """Which policy asks, until when, and what happens then."""
    ruling = waits.ruling
    if ruling is None:
        return
    yield "", f"rule: {ruling.rule} of policy {ruling.policy}"
    if waits.until is not None:
        at = datetime.fromtimestamp(waits.until).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        yield "", f"until: {at}, then {ruling.then}"


def _ending_lines(card: Card, url: str | None) -> Iterator[tuple[str, str]]:
    if card.said:
        yield "answer", _shorten_text(card.said)
    if card.truncated:
        yield "", TRUNCATED
    if card.reason:
        yield "reason", one_line(card.reason, 400)
    if card.error:
        yield "error", f"{card.error.message} [{card.error.code}]\n{card.error.fix}"
    if card.undone:
        yield "undone", describe_undone(card.undone)
    if url:
        yield "page", url


def decision_commands(run: str, waits: e.DecisionRequested) -> list[str]:
    """The commands that decide, with their meanings, the recommended one first."""
    id = shlex.quote(waits.id)
    call = f"{shlex.quote(run)} {id}"
    digest = f" --digest {waits.digest}" if waits.digest else ""
    edited, said = "{...}", '"..."'
    if waits.need == "budget":
        edited, said = '{"tokens": 10000}', "finish"
    commands = {
        "approve": f"harness approve {call}{digest}",
        "edit": f"harness approve {call} --edit '{edited}'{digest}",
        "reject": f"harness reject {call} --note WHY{digest}",
        "answer": f"harness answer {shlex.quote(run)} {said} --call {id}{digest}",
    }
    return [f"{commands[verdict]}    {does}" for verdict, does in MEANINGS[waits.need].items()]


def _refused_lines(signals: Iterable[e.SignalRefused]) -> Iterator[str]:
    """One line per kind, with its latest message; of many kinds only the first."""
    kinds: dict[tuple[str, str], list[e.SignalRefused]] = {}
    for each in signals:
        kinds.setdefault(refusal_kind(each), []).append(each)
    groups = list(kinds.values())
    for group in groups[:KINDS]:
        name = group[-1].signal
        what = f"signal {name}" if len(group) == 1 else count_of(len(group), f"{name} signal")
        yield f"{what}: {one_line(group[-1].message, 400)}"
    if more := sum(map(len, groups[KINDS:])):
        yield count_of(more, "more signal")


def _steering_text(signal: SteeringSignal) -> str:
    what = signal.type.removesuffix("_requested").removesuffix("_received")
    text = signal.text if signal.type == "hint_received" else signal.reason
    return f"{what}{f' by {signal.by}' if signal.by else ''}{f': {one_line(text)}' if text else ''}"


def _shorten_text(text: str) -> str:
    return text if len(text) <= SAID else f"{text[:SAID]}… ({len(text):,} characters)"
