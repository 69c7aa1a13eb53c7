"""Responses: an answer as one object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.contracts.run import RunState
from harness.openai_api.answer import Answer, Reply
from harness.openai_api.ids import item_id, response_id
from harness.openai_api.usage import response_usage

OURS = "openai."
"""The prefix of labels that keep a request's own parameters."""
PREVIOUS = f"{OURS}previous"
BACKGROUND = f"{OURS}background"
NOTE = "note"
STATUS = {
    RunState.PENDING: "queued",
    RunState.RUNNING: "in_progress",
    RunState.WAITING: "incomplete",
    RunState.PAUSED: "incomplete",
    RunState.COMPLETED: "completed",
    RunState.FAILED: "failed",
    RunState.ABORTED: "cancelled",
}
HELD_REASONS = {RunState.WAITING: "waiting_for_decision", RunState.PAUSED: "paused"}


@dataclass(frozen=True)
class Facts:
    """What a response repeats of its request; the run keeps it in its labels."""

    previous: str | None = None
    """The run that it continues."""
    background: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, labels: Mapping[str, str] | None) -> Facts:
        """Read them from a run's labels."""
        given = labels or {}
        return cls(
            previous=given.get(PREVIOUS),
            background=BACKGROUND in given,
            metadata={key: text for key, text in given.items() if not key.startswith(OURS)},
        )


def make_response(answer: Answer, facts: Facts) -> dict[str, Any]:
    """The response that a run is."""
    end, (status, reason) = answer.end, find_status(answer)
    return {
        "id": response_id(answer.run),
        "object": "response",
        "created_at": int(answer.started),
        "completed_at": int(end.at) if end and status == "completed" else None,
        "status": status,
        "background": facts.background,
        "error": _error_of(answer) if status == "failed" else None,
        "incomplete_details": {"reason": reason} if reason else None,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": dict(facts.metadata),
        "model": answer.agent,
        "output": make_output(answer),
        "parallel_tool_calls": True,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "previous_response_id": response_id(facts.previous) if facts.previous else None,
        "prompt_cache_key": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": response_usage(answer.usage) if answer.end or answer.held else None,
    }


def find_status(answer: Answer) -> tuple[str, str | None]:
    """The status of a response, and why it is incomplete."""
    end = answer.end
    if answer.held:
        return "incomplete", HELD_REASONS[answer.state]
    if end and end.truncated and end.state is RunState.COMPLETED:
        return "incomplete", "max_output_tokens"
    if answer.spent:
        return "incomplete", "budget"
    return STATUS[answer.state], None


def make_output(answer: Answer) -> list[dict[str, Any]]:
    """The output items: one for each reply with text, and a note if the run needs a person."""
    items = [make_item(answer.run, reply) for reply in answer.replies]
    if answer.held:
        items.append(make_message(item_id(answer.run, NOTE), answer.note, "incomplete"))
    return items


def make_item(run: str, reply: Reply) -> dict[str, Any]:
    """The output item of a reply."""
    status = "incomplete" if reply.interrupted else "completed"
    item = make_message(item_id(run, str(reply.number)), reply.text, status)
    return {**item, "phase": "final_answer" if reply.final else "commentary"}


def make_message(id: str, text: str | None, status: str) -> dict[str, Any]:
    """A message of the assistant; without text, one that begins."""
    content = [] if text is None else [make_part(text)]
    return {
        "id": id, "type": "message", "status": status, "role": "assistant", "content": content,
    }  # fmt: skip


def make_part(text: str) -> dict[str, Any]:
    """A part of a message."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _error_of(answer: Answer) -> dict[str, str] | None:
    error = answer.end.error if answer.end else None
    return {"code": error.code, "message": f"{error.message} {error.fix}"} if error else None
