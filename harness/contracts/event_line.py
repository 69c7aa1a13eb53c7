"""An event as one line of text: what `print(event)` shows. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from harness.contracts.clean_text import clean_line
from harness.contracts.verdicts import describe_done

SHOWN = 160
"""Characters shown of each text; the event has the rest."""


def describe_event(event: Any) -> str:
    """Describe an event in one line: its type, turn and content."""
    turn = getattr(event, "turn", None)
    words = [event.type, f"turn {turn}" if turn else "", LINES[event.type](event)]
    return clean_line(" ".join(word for word in words if word))


def shorten(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… (+{len(text) - SHOWN:,} characters)"


def _call(name: str, arguments: dict[str, Any] | str | None) -> str:
    if not isinstance(arguments, dict):
        return f"{name}({shorten(arguments)})"
    pairs = (f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in arguments.items())
    return f"{name}({shorten(', '.join(pairs))})"


def _replied(event: Any) -> str:
    calls = ", ".join(_call(each.name, each.arguments) for each in event.message.calls)
    return shorten(event.message.text) or calls


def _asked(event: Any) -> str:
    call = f"{_call(event.tool, event.arguments)}: " if event.tool else ""
    return f"{event.id}: {call}{shorten(event.question)}"


def _finished(event: Any) -> str:
    ruled = f" ({event.ruling})" if event.ruling else ""
    return f"{event.name} {'ok' if event.ok else 'failed'}{ruled}{_after(event.content)}"


def _decided(event: Any) -> str:
    by = f" by {event.by}" if event.by else ""
    said = event.note or event.answer
    return f"{event.id}: {describe_done(event.need, event.verdict)}{by}" + _after(said)


def _ended(event: Any) -> str:
    why = event.error.message if event.error else event.reason
    return f"{event.state.value}{f' ({shorten(why)})' if why else ''}" + _after(event.output)


def _undone(event: Any) -> str:
    undone = event.undone
    stopped = f", stopped at {undone.stopped.title}" if undone.stopped else ""
    return f"{undone.count} effects{stopped}" + _after(undone.error and undone.error.message)


def _retried(event: Any) -> str:
    retry = event.retry
    return f"{retry.kind} attempt {retry.failed}{_after(retry.error.message)}"


def _after(text: str | None) -> str:
    return f": {shorten(text)}" if text else ""


LINES: dict[str, Callable[[Any], str]] = {
    "run_started": lambda e: f"{e.agent} on {e.model}{_after(e.prompt)}",
    "state_changed": lambda e: e.state.value,
    "model_called": lambda e: e.model,
    "model_replied": _replied,
    "model_failed": lambda e: f"after {e.attempts} attempts{_after(e.error.message)}",
    "context_compacted": lambda e: (
        f"{e.summarized} messages, {e.before:,} to {e.after:,} tokens{_after(e.summary)}"
    ),
    "compaction_failed": lambda e: shorten(e.error.message),
    "tool_call_requested": lambda e: _call(e.call.name, e.call.arguments),
    "tool_call_checked": lambda e: _call(e.name, e.arguments),
    "tool_call_started": lambda e: _call(e.name, e.arguments),
    "child_started": lambda e: (
        f"{e.child} of {e.agent}{' takes over' if e.handover else ''}{_after(e.prompt)}"
    ),
    "child_ended": lambda e: f"{e.child} {e.state.value}{_after(e.error and e.error.message)}",
    "tool_call_finished": _finished,
    "decision_requested": _asked,
    "decision_made": _decided,
    "hint_received": lambda e: shorten(e.text),
    "pause_requested": lambda e: shorten(e.reason),
    "resume_requested": lambda e: shorten(e.reason),
    "abort_requested": lambda e: shorten(e.reason),
    "signal_refused": lambda e: f"{e.signal}{_after(e.message)}",
    "budget_reached": lambda e: shorten(e.budget),
    "undo_started": lambda e: e.workflow,
    "effects_undone": _undone,
    "branched": lambda e: f"from {e.from_run_id} to {e.to_run_id}{_after(e.reason)}",
    "run_ended": _ended,
    "output_delta": lambda e: e.text,
    "output_reset": lambda e: f"attempt {e.attempt}",
    "output_gap": lambda e: f"before character {e.offset}",
    "attempt_failed": _retried,
    "tool_progress": lambda e: shorten(e.text),
}
"""What to show after the turn, by the event's type."""
