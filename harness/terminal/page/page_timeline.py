"""The timeline of a run's page: a bar for each step, over one axis of time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.contracts.clean_text import clean_html
from harness.journal.steps import Step
from harness.terminal.view.text import count_of, format_call, format_duration, format_money
from harness.terminal.view.timeline import WAITS, Bar, Scale, axis_ticks, make_bars

LEGEND = (
    ("queued", "queued"), ("early", "until the first token"), ("model", "model"), ("tool", "tool"),
    ("check", "approval check"),
    ("wait", "waiting for a person"), ("bad", "failed"),
    ("lost", "failed attempts that are not logged, and the waits between them"),
)  # fmt: skip
TRACKS = (("wide", 500), ("middle", 340), ("narrow", 300))
"""The smallest width of the bars in pixels, by the width of the screen."""
THIN = 1e-4
"""Queue times below this share of the width are not drawn."""
LETTER, GAP = 6.5, 10
"""Pixels of an axis label."""


def timeline_html(steps: Sequence[Step], start: float, end: float) -> str:
    found, scale = make_bars(steps, start, end)
    if not found:
        return ""
    drawn = {kind for bar in found for kind in _legend_kinds(bar)}
    legend = "".join(f"<span class={kind}>{name}</span>" for kind, name in LEGEND if kind in drawn)
    notes = ["Striped waits are not drawn to scale."] if scale.squeeze < 1 else []
    notes += ["Pale steps were discarded by a reset."] if any(s.left for s in steps) else []
    axis, lines = _axis_html(scale)
    rows = "".join(_row_html(found))
    return (
        f"<section><h2>Timeline</h2><p class=legend>{legend}</p><p class=note>{' '.join(notes)}</p>"
        f"<div class=timeline style='--grid:{lines}'>{axis}{rows}</div></section>"
    )


def _legend_kinds(bar: Bar) -> Iterator[str]:
    """The legend entries of a bar."""
    step = bar.step
    yield "wait" if step.kind in WAITS else step.kind if step.ok else "bad"
    if bar.began - bar.left >= THIN:
        yield "lost" if bar.lost else "queued"
    if bar.first > bar.began:
        yield "early"
    if bar.tries:
        yield "bad"


def _axis_html(scale: Scale) -> tuple[str, str]:
    """The labels, and the grid lines as a background of every track."""
    marks = [(format_duration(at), place) for at, place in axis_ticks(scale)]
    fits = {name: fitting_labels(marks, width) for name, width in TRACKS}
    labels = "".join(
        f"<b class='{' '.join(name for name in fits if number in fits[name])}'"
        f" style='left:{place * 100:.2f}%'>{label}</b>"
        for number, (label, place) in enumerate(marks)
    )
    lines = ",".join(
        f"linear-gradient(90deg,transparent calc({p:.2f}% - .5px),var(--line) 0 "
        f"calc({p:.2f}% + .5px),transparent calc({p:.2f}% + .5px))"
        for p in (place * 100 for _, place in marks)
    )
    axis = f"<p class=axis><span></span><span></span><span class=track>{labels}</span></p>"
    return axis, lines or "none"


def fitting_labels(marks: Sequence[tuple[str, float]], width: int) -> set[int]:
    """The labels that do not overlap if the bars have this many pixels."""
    found: set[int] = set()
    free = 0.0
    for number, (label, place) in enumerate(marks):
        half = (len(label) * LETTER + GAP) / 2
        if place * width - half >= free and place * width + half <= width + GAP:
            found.add(number)
            free = place * width + half
    return found


def _row_html(found: Sequence[Bar]) -> Iterator[str]:
    turn = 0
    for bar in found:
        step = bar.step
        marks = ["first"] if step.turn != turn else []
        marks += ["left"] if step.left else []
        label = str(step.turn) if step.turn != turn else ""
        yield (
            f"<a href='#e{step.last or step.number}' class='{' '.join(marks)}'"
            f" title='{_hover_text(bar)}'>"
            f"<span class=turn>{label}</span><span class=name>{_name_html(step)}</span>"
            f"<span class=track>{''.join(_bar_pieces(bar))}</span>"
            f"<span class=took><b>{format_duration(bar.seconds)}</b>{_short_facts(step)}</span></a>"
        )
        turn = step.turn


def _name_html(step: Step) -> str:
    """The name of a step, with the arguments of a call."""
    if step.arguments is None:
        return _escape_text(step.name)
    arguments = format_call("", step.arguments)
    return f"{_escape_text(step.name)}<small>{_escape_text(arguments)}</small>"


def _bar_pieces(bar: Bar) -> Iterator[str]:
    step = bar.step
    kind = "wait" if step.kind in WAITS else step.kind if step.ok else "bad"
    if bar.began - bar.left >= THIN:
        yield _piece_html("lost" if bar.lost else "queued", bar.left, bar.began)
    for begin, stop in bar.tries:
        yield _piece_html("bad try", begin, stop)
    if bar.first > bar.began:
        yield _piece_html("early", bar.began, bar.first)
    yield _piece_html(kind, bar.first, bar.right)


def _piece_html(kind: str, left: float, right: float) -> str:
    place = f"left:{left * 100:.2f}%;width:{max(right - left, 0) * 100:.2f}%"
    return f"<i class='{kind}' style='{place}'></i>"


def _short_facts(step: Step) -> str:
    facts = [f"{step.attempts} attempts"] if step.attempts > 1 else []
    facts += [f"first {format_duration(step.first)}"] if step.first is not None else []
    return "".join(f" · {each}" for each in facts)


def _hover_text(bar: Bar) -> str:
    step = bar.step
    name = step.name if step.arguments is None else f"{step.name} {format_call('', step.arguments)}"
    facts = [f"{name}: {format_duration(bar.seconds)}"]
    facts += [f"queued {format_duration(step.queued)}"] if step.queued >= 0.001 else []
    facts += [f"first token after {format_duration(step.first)}"] if step.first is not None else []
    facts += (
        [f"{count_of(step.tokens, 'token')}, {format_money(step.cost_micros)}"]
        if step.tokens
        else []
    )
    facts += [f"{step.attempts} attempts"] if step.attempts > 1 else []
    facts += ["some earlier attempts are not logged"] if bar.lost else []
    facts += [f"decided by {step.who}"] if step.who else []
    facts += ["failed"] if not step.ok else []
    facts += ["discarded by a reset"] if step.left else []
    return _escape_text(" · ".join(facts))


def _escape_text(text: str) -> str:
    return clean_html(text)
