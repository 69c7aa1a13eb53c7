"""A run as one self-contained HTML page: no scripts, nothing from the network, dark or light as
the reader's machine is. Checkboxes open what is folded or hidden. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from harness.contracts import event as e
from harness.contracts.attempt import Attempt
from harness.contracts.clean_text import clean_html
from harness.contracts.event import DurableEvent
from harness.journal.attempts import Earlier, weave_attempts
from harness.journal.branches import drop_reset_events
from harness.journal.card import Card, card_of
from harness.journal.steps import Step, list_steps
from harness.terminal.page.event_text import event_text
from harness.terminal.page.page_timeline import timeline_html
from harness.terminal.page.style import STYLE
from harness.terminal.view.text import (
    clean_shown,
    count_of,
    describe_prompt,
    describe_undone,
    format_cached,
    format_call,
    format_duration,
    format_money,
)
from harness.terminal.view.timeline import WAITS
from harness.terminal.view.trace import (
    Line,
    attempt_line,
    format_offset,
    format_time,
    line_after_attempts,
)

MARKS = {
    "model_replied": "model", "model_failed": "bad", "tool_call_finished": "tool",
    "decision_requested": "wait", "decision_made": "wait", "hint_received": "wait",
    "abort_requested": "wait", "pause_requested": "wait", "resume_requested": "wait",
    "signal_refused": "bad", "branched": "wait", "budget_reached": "wait",
    "undo_started": "wait", "effects_undone": "wait",
}  # fmt: skip
NOISE = (e.StateChanged, e.ModelCalled, e.ToolCallChecked, e.ToolCallStarted)
"""Events that repeat what others show: hidden at first."""
FOLDED_LINES, FOLDED_CHARACTERS = 12, 900
"""Longer texts are folded."""
NOTHING = "default-src 'none'; style-src 'unsafe-inline'"


def run_page_html(
    events: Sequence[DurableEvent], version: str, attempts: Sequence[Attempt] = ()
) -> str:
    card = card_of(events)
    assert card is not None
    end = card.ended or events[-1].at
    found = list_steps(events, attempts)
    failed = count_of(len(attempts), "failed attempt")
    body = [
        _head_html(card, end, found),
        timeline_html(found, card.started, end),
        *_events_html(events, attempts, card.started, found),
        f"<footer>{count_of(len(events), 'event')}, from Temporal's history"
        f"{f'; {failed} from the attempt log' if attempts else ''}. harness {clean_html(version)}, "
        f"{format_time(card.started)}</footer>",
    ]
    title = clean_html(f"{card.run} · {card.state.value}")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{NOTHING}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style></head>\n<body><main>\n"
        + "\n".join(body)
        + "\n</main></body></html>\n"
    )


def _head_html(card: Card, end: float, found: Sequence[Step]) -> str:
    usage = card.totals.usage
    waited = sum((s.end or end) - s.start for s in found if s.kind in WAITS)
    failed = sum(step.attempts - 1 for step in found)
    facts = [
        (
            "took",
            format_duration(end - card.started)
            if card.ended
            else f"{format_duration(end - card.started)} so far",
        ),
        ("turns", str(card.totals.turns)),
        ("tool calls", str(card.totals.tool_calls)),
        ("tokens in", f"{usage.input:,}{format_cached(usage)}"),
        ("tokens out", f"{usage.output:,}"),
        ("cost", format_money(card.totals.cost_micros)),
    ]
    if card.totals.cut_attempts:
        facts.append(("interrupted (estimate)", f"~{format_money(card.totals.cut_micros)}"))
    facts += [("waited", format_duration(waited))] if waited else []
    facts += [("failed attempts", str(failed))] if failed else []
    about = [f"{card.agent} on {card.model}", f"started {format_time(card.started)}"]
    about += [f"by {card.by}"] if card.by else []
    about += [f"owner {card.owner}"] if card.owner else []
    about += [f"session {card.session}"] if card.session else []
    about += [f"prompt {describe_prompt(card.template)}"] if card.template else []
    if card.parent:
        about.append(f"fork of {card.parent.run} at turn {card.parent.turn}")
    cells = "".join(f"<div><dt>{k}</dt><dd>{clean_html(v)}</dd></div>" for k, v in facts)
    parts = [
        f"<header><p class=state data-state={card.state.value}>{card.state.value}</p>",
        f"<h1>{_escape_text(card.run)}</h1><p class=about>{_escape_text(' · '.join(about))}</p>",
        f"<dl class=facts>{cells}</dl>",
        f"<div class=said><h3>Prompt</h3>{fold_html(card.asked, 'asked')}</div>",
    ]
    if card.said:
        parts.append(f"<div class=said><h3>Answer</h3>{fold_html(card.said, 'said')}</div>")
    if card.error:
        why = f"{card.error.message} [{card.error.code}] {card.error.fix}"
        parts.append(f"<div class='said bad'><h3>Error</h3><p>{_escape_text(why)}</p></div>")
    elif card.reason:
        parts.append(f"<div class=said><h3>Reason</h3><p>{_escape_text(card.reason)}</p></div>")
    if card.undone:
        undone = _escape_text(describe_undone(card.undone))
        parts.append(f"<div class=said><h3>Undone</h3><p>{undone}</p></div>")
    return "".join(parts) + "</header>"


def _events_html(
    events: Sequence[DurableEvent],
    attempts: Sequence[Attempt],
    start: float,
    found: Sequence[Step],
) -> Iterator[str]:
    under_way = {step.number for step in found if step.end is None}
    hidden = {
        number
        for number, event in enumerate(events, 1)
        if isinstance(event, NOISE) and not getattr(event, "edited", None)
    } - under_way
    yield "<section><h2>Events</h2>"
    if hidden:
        more = count_of(len(hidden), "more event")
        yield (
            f"<p class=toggle><input type=checkbox id=noise><label for=noise>Show {more}: "
            "states, requests to models, calls handed to workers</label></p>"
        )
    yield "<ol class=events>"
    yield from _event_items(events, attempts, start, hidden)
    yield "</ol></section>"


def _event_items(
    events: Sequence[DurableEvent], attempts: Sequence[Attempt], start: float, hidden: set[int]
) -> Iterator[str]:
    stands = {id(each) for each in drop_reset_events(events)}
    number, turn, shown = 0, 0, 0
    earlier: list[Earlier] = []
    calls: dict[str, str] = {}
    for each in weave_attempts(events, attempts):
        if isinstance(each, Earlier):
            earlier.append(each)
            yield _attempt_item(each, start, "" if id(each.step) in stands else " left")
            continue
        number += 1
        now = getattr(each, "turn", turn)
        marks = ["first"] if now != turn else []
        marks += ["noise"] if number in hidden else ["opens"] if now != shown else []
        marks += [] if id(each) in stands else ["left"]
        turn = now
        shown = shown if number in hidden else now
        yield _event_item(each, _line_with_arguments(each, earlier, calls), start, number, marks)
        earlier.clear()


def _line_with_arguments(
    event: DurableEvent, attempts: Sequence[Earlier], calls: dict[str, str]
) -> Line:
    """The line as in the terminal; a result also shows the arguments of its call."""
    found = line_after_attempts(attempts, event)
    if isinstance(event, e.ToolCallRequested):
        calls[event.call.id] = found.what
    elif isinstance(event, e.ToolCallStarted):
        calls[event.call_id] = format_call(event.name, event.arguments)
    elif isinstance(event, e.ToolCallFinished) and (whole := calls.get(event.call_id)):
        return found._replace(what=whole + found.what.removeprefix(clean_shown(event.name)))
    return found


def _event_item(
    event: DurableEvent, line: Line, start: float, number: int, marks: list[str]
) -> str:
    mark = MARKS.get(event.type, "quiet")
    if isinstance(event, e.ToolCallFinished) and not event.ok:
        mark = "bad"
    data = event.model_dump(mode="json", exclude_none=True, exclude={"run", "trace", "type"})
    whole = json.dumps(data, indent=2, ensure_ascii=False)
    texts = [each for each in event_text(event) if each[1]]
    said = "".join(
        f"<div class=body><h4>{_escape_text(name)}</h4>"
        f"{fold_html(text, f'e{number}-{place}')}</div>"
        for place, (name, text) in enumerate(texts)
    )
    raw = f"<pre>{_escape_text(whole)}</pre>"
    if said:
        raw = f"<details class=raw><summary>All fields, as JSON</summary>{raw}</details>"
    summary = _summary_html(
        event.at - start, event.at, event, event.type.replace("_", " "), line, number=number
    )
    return (
        f"<li id=e{number} class='{' '.join([mark, *marks])}'><details>"
        f"{summary}{said}{raw}</details></li>"
    )


def fold_html(text: str, id: str) -> str:
    """A text; a long one is folded, and a checkbox shows the rest."""
    lines = text.count("\n") + 1
    if lines <= FOLDED_LINES and len(text) <= FOLDED_CHARACTERS:
        return f"<p>{_escape_text(text)}</p>"
    size = count_of(lines, "line") if lines > FOLDED_LINES else count_of(len(text), "character")
    return (
        f"<div class=fold><input type=checkbox id={id}><p>{_escape_text(text)}</p>"
        f"<label for={id}>Show all {size}</label></div>"
    )


def _attempt_item(attempt: Earlier, start: float, left: str) -> str:
    found = attempt.logged
    name = f"attempt {attempt.attempt}"
    if found is None:
        row = _summary_html(None, None, attempt.step, name, attempt_line(attempt), tag="div")
        return f"<li class='bad log{left}'>{row}</li>"
    whole = json.dumps(found.model_dump(exclude_none=True), indent=2, ensure_ascii=False)
    row = _summary_html(found.ended - start, found.ended, attempt.step, name, attempt_line(attempt))
    body = f"<details class=log>{row}<pre>{_escape_text(whole)}</pre></details>"
    return f"<li class='bad log{left}'>{body}</li>"


def _summary_html(
    since: float | None,
    at: float | None,
    event: DurableEvent,
    kind: str,
    line: Line,
    *,
    tag: str = "summary",
    number: int | None = None,
) -> str:
    facts = "".join(f"<span>{_escape_text(fact)}</span>" for fact in line.facts)
    turn = getattr(event, "turn", "")
    when = "" if since is None else format_offset(since).strip()
    title = "" if at is None else f" title='{format_time(at)}'"
    return (
        f"<{tag}><span class=number>{number or ''}</span><time{title}>{when}</time>"
        f"<b title='turn {turn}'>{turn}</b><code>{kind}</code>"
        f"<span class=what>{_escape_text(line.what)}<small>{facts}</small></span></{tag}>"
    )


def _escape_text(text: str) -> str:
    return clean_html(text)
