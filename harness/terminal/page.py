"""A run as one self-contained HTML page: no scripts, nothing from the network, dark or light as its
reader's machine is. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape

from harness.contracts import event as e
from harness.contracts.event import DurableEvent
from harness.journal.steps import steps
from harness.terminal.card import Card, card_of
from harness.terminal.page_style import STYLE
from harness.terminal.text import clean, count, money, took
from harness.terminal.timeline import WAITS, Bar, bars
from harness.terminal.trace import line, offset

MARKS = {
    "model_replied": "model", "model_failed": "bad", "tool_call_finished": "tool",
    "decision_requested": "wait", "decision_made": "wait", "hint_received": "wait",
    "abort_requested": "wait", "pause_requested": "wait", "resume_requested": "wait",
    "signal_refused": "bad", "branched": "wait", "budget_reached": "wait",
    "undo_started": "wait", "effects_undone": "wait",
}  # fmt: skip
NOTHING = "default-src 'none'; style-src 'unsafe-inline'"


def page(events: Sequence[DurableEvent], version: str) -> str:
    card = card_of(events)
    assert card is not None
    end = card.ended or events[-1].at
    body = [
        _head(card, end),
        _timeline(events, card.started, end),
        "<section><h2>Events</h2><ol class=events>",
        *(_event(each, card.started) for each in events),
        "</ol></section>",
        f"<footer>harness {escape(version)} · {count(len(events), 'event')}, a projection of the "
        f"engine's history · {_date(card.started)}</footer>",
    ]
    title = escape(f"{card.run} · {card.state.value}")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{NOTHING}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style></head>\n<body><main>\n"
        + "\n".join(body)
        + "\n</main></body></html>\n"
    )


def _head(card: Card, end: float) -> str:
    usage = card.totals.usage
    cached = f" ({usage.cached:,} cached)" if usage.cached else ""
    facts = [
        ("took", took(end - card.started) if card.ended else f"{took(end - card.started)} so far"),
        ("turns", str(card.totals.turns)),
        ("tool calls", str(card.totals.tool_calls)),
        ("tokens in", f"{usage.input:,}{cached}"),
        ("tokens out", f"{usage.output:,}"),
        ("cost", money(card.totals.cost_micros)),
    ]
    about = [f"{card.agent} on {card.model}", f"started {_date(card.started)}"]
    about += [f"by {card.by}"] if card.by else []
    about += [f"session {card.session}"] if card.session else []
    if card.parent:
        about.append(f"fork of {card.parent.run} at turn {card.parent.turn}")
    cells = "".join(f"<div><dt>{k}</dt><dd>{escape(v)}</dd></div>" for k, v in facts)
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
    return "".join(parts) + "</header>"


def _timeline(events: Sequence[DurableEvent], start: float, end: float) -> str:
    found, scale = bars(steps(events), start, end)
    if not found:
        return ""
    note = ""
    if scale.squeeze < 1:
        note = "<p class=note>Striped waits are drawn shorter than they were.</p>"
    rows = "".join(_rows(found))
    legend = "".join(
        f"<span class={kind}>{name}</span>"
        for kind, name in (
            ("queued", "queued"), ("model", "model"), ("tool", "tool"),
            ("wait", "waits for a person"), ("bad", "failed"),
        )
    )  # fmt: skip
    return (
        f"<section><h2>Timeline</h2><p class=legend>{legend}</p>{note}"
        f"<div class=timeline>{rows}</div></section>"
    )


def _rows(found: list[Bar]) -> Iterator[str]:
    turn = 0
    for bar in found:
        step = bar.step
        kind = "wait" if step.kind in WAITS else step.kind if step.ok else "bad"
        facts = [took(bar.seconds)]
        facts += [f"queued {took(step.queued)}"] if step.queued >= 0.001 else []
        facts += [f"{step.attempts} attempts"] if step.attempts > 1 else []
        left, queued = bar.left * 100, max(bar.began - bar.left, 0) * 100
        width = max((bar.right - bar.left) * 100 - queued, 0)
        new = " class=first" if step.turn != turn else ""
        label = str(step.turn) if step.turn != turn else ""
        yield (
            f"<div{new}><span class=turn>{label}</span>"
            f"<span class=name>{_text(step.name)}</span>"
            f"<span class=track><i class=queued style='left:{left:.3f}%;width:{queued:.3f}%'></i>"
            f"<i class={kind} style='left:{left + queued:.3f}%;width:{width:.3f}%'></i></span>"
            f"<span class=took>{' · '.join(facts)}</span></div>"
        )
        turn = step.turn


def _event(event: DurableEvent, start: float) -> str:
    told = line(event)
    mark = MARKS.get(event.type, "quiet")
    if isinstance(event, e.ToolCallFinished) and not event.ok:
        mark = "bad"
    turn = getattr(event, "turn", "")
    facts = "".join(f"<span>{_text(fact)}</span>" for fact in told.facts)
    data = event.model_dump(mode="json", exclude_none=True, exclude={"run", "trace", "type"})
    whole = json.dumps(data, indent=2, ensure_ascii=False)
    return (
        f"<li class={mark}><details><summary><time>{offset(event.at - start).strip()}</time>"
        f"<b>{turn}</b><code>{event.type.replace('_', ' ')}</code>"
        f"<span class=what>{_text(told.what)}<small>{facts}</small></span></summary>"
        f"<pre>{_text(whole)}</pre></details></li>"
    )


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _text(text: str) -> str:
    return escape(clean(text))
