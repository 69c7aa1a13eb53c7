"""A run as one self-contained HTML page: no scripts, nothing from the network, dark or light as its
reader's machine is. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from harness.contracts import event as e
from harness.contracts.attempt import Attempt
from harness.contracts.clean_text import clean_html
from harness.contracts.event import DurableEvent
from harness.journal.attempts import Earlier, weave
from harness.journal.branches import standing
from harness.journal.steps import Step, steps
from harness.terminal.page.page_timeline import timeline
from harness.terminal.page.style import STYLE
from harness.terminal.view.card import Card, card_of
from harness.terminal.view.text import count, money, taken_back, took
from harness.terminal.view.timeline import WAITS
from harness.terminal.view.trace import SHOWN, Line, after, earlier, moment, offset

MARKS = {
    "model_replied": "model", "model_failed": "bad", "tool_call_finished": "tool",
    "decision_requested": "wait", "decision_made": "wait", "hint_received": "wait",
    "abort_requested": "wait", "pause_requested": "wait", "resume_requested": "wait",
    "signal_refused": "bad", "branched": "wait", "budget_reached": "wait",
    "undo_started": "wait", "effects_undone": "wait",
}  # fmt: skip
NOTHING = "default-src 'none'; style-src 'unsafe-inline'"


def page(events: Sequence[DurableEvent], version: str, attempts: Sequence[Attempt] = ()) -> str:
    card = card_of(events)
    assert card is not None
    end = card.ended or events[-1].at
    found = steps(events, attempts)
    told = count(len(attempts), "failed attempt")
    body = [
        _head(card, end, found),
        timeline(found, card.started, end),
        "<section><h2>Events</h2><ol class=events>",
        *_events(events, attempts, card.started),
        "</ol></section>",
        f"<footer>{count(len(events), 'event')}, a projection of the engine's history"
        f"{f'; {told} from the attempt log' if attempts else ''}. harness {clean_html(version)}, "
        f"{moment(card.started)}</footer>",
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


def _head(card: Card, end: float, found: Sequence[Step]) -> str:
    usage = card.totals.usage
    cached = f" ({usage.cached:,} cached)" if usage.cached else ""
    waited = sum((s.end or end) - s.start for s in found if s.kind in WAITS)
    failed = sum(step.attempts - 1 for step in found)
    facts = [
        ("took", took(end - card.started) if card.ended else f"{took(end - card.started)} so far"),
        ("turns", str(card.totals.turns)),
        ("tool calls", str(card.totals.tool_calls)),
        ("tokens in", f"{usage.input:,}{cached}"),
        ("tokens out", f"{usage.output:,}"),
        ("cost", money(card.totals.cost_micros)),
    ]
    if card.totals.cut_attempts:
        facts.append(("interrupted (estimate)", f"~{money(card.totals.cut_micros)}"))
    facts += [("waited", took(waited))] if waited else []
    facts += [("failed attempts", str(failed))] if failed else []
    about = [f"{card.agent} on {card.model}", f"started {moment(card.started)}"]
    about += [f"by {card.by}"] if card.by else []
    about += [f"session {card.session}"] if card.session else []
    if card.parent:
        about.append(f"fork of {card.parent.run} at turn {card.parent.turn}")
    cells = "".join(f"<div><dt>{k}</dt><dd>{clean_html(v)}</dd></div>" for k, v in facts)
    parts = [
        f"<header><p class=state data-state={card.state.value}>{card.state.value}</p>",
        f"<h1>{_text(card.run)}</h1><p class=about>{_text(' · '.join(about))}</p>",
        f"<dl class=facts>{cells}</dl>",
        f"<div class=said><h3>Asked</h3><p>{_text(card.asked)}</p></div>",
    ]
    if card.said:
        parts.append(f"<div class=said><h3>Said</h3><p>{_text(card.said)}</p></div>")
    if card.error:
        why = f"{card.error.message} [{card.error.code}] {card.error.fix}"
        parts.append(f"<div class='said bad'><h3>Error</h3><p>{_text(why)}</p></div>")
    elif card.reason:
        parts.append(f"<div class=said><h3>Reason</h3><p>{_text(card.reason)}</p></div>")
    if card.undone:
        parts.append(
            f"<div class=said><h3>Undone</h3><p>{_text(taken_back(card.undone))}</p></div>"
        )
    return "".join(parts) + "</header>"


def _events(
    events: Sequence[DurableEvent], attempts: Sequence[Attempt], start: float
) -> Iterator[str]:
    stands = {id(each) for each in standing(events)}
    number, turn = 0, 0
    told: list[Earlier] = []
    for each in weave(events, attempts):
        if isinstance(each, Earlier):
            told.append(each)
            yield _attempt(each, start, "" if id(each.step) in stands else " left")
            continue
        number += 1
        marks = [] if id(each) in stands else ["left"]
        now = getattr(each, "turn", turn)
        marks += ["first"] if now != turn else []
        turn = now
        yield _event(each, after(told, each), start, number, marks)
        told.clear()


def _event(event: DurableEvent, told: Line, start: float, number: int, marks: list[str]) -> str:
    mark = MARKS.get(event.type, "quiet")
    if isinstance(event, e.ToolCallFinished) and not event.ok:
        mark = "bad"
    data = event.model_dump(mode="json", exclude_none=True, exclude={"run", "trace", "type"})
    whole = json.dumps(data, indent=2, ensure_ascii=False)
    return (
        f"<li id=e{number} class='{' '.join([mark, *marks])}'><details>"
        f"{_summary(event.at - start, event.at, event, event.type.replace('_', ' '), told)}"
        f"{_said(event)}<pre>{_text(whole)}</pre></details></li>"
    )


def _attempt(told: Earlier, start: float, left: str) -> str:
    found = told.logged
    name = f"attempt {told.attempt}"
    if found is None:
        row = _summary(None, None, told.step, name, earlier(told), tag="div")
        return f"<li class='bad log{left}'>{row}</li>"
    whole = json.dumps(found.model_dump(exclude_none=True), indent=2, ensure_ascii=False)
    row = _summary(found.ended - start, found.ended, told.step, name, earlier(told))
    body = f"<details class=log>{row}<pre>{_text(whole)}</pre></details>"
    return f"<li class='bad log{left}'>{body}</li>"


def _summary(
    since: float | None,
    at: float | None,
    event: DurableEvent,
    kind: str,
    told: Line,
    *,
    tag: str = "summary",
) -> str:
    facts = "".join(f"<span>{_text(fact)}</span>" for fact in told.facts)
    when = "" if since is None else offset(since).strip()
    title = "" if at is None else f" title='{moment(at)}'"
    return (
        f"<{tag}><time{title}>{when}</time><b>{getattr(event, 'turn', '')}</b><code>{kind}</code>"
        f"<span class=what>{_text(told.what)}<small>{facts}</small></span></{tag}>"
    )


def _said(event: DurableEvent) -> str:
    """What was said, as it was, before the event as JSON."""
    match event:
        case e.ModelReplied():
            text = event.message.text
        case e.ToolCallFinished():
            text = event.content
        case e.ModelCalled():
            text = "\n\n".join(m.text for m in event.messages if m.text)
        case e.HintReceived():
            text = event.text
        case _:
            text = ""
    return f"<div class=body>{_text(text)}</div>" if len(text) > SHOWN or "\n" in text else ""


def _text(text: str) -> str:
    return clean_html(text)
