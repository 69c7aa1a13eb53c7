"""A run's events as the updates that an editor shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.api.live_text import LiveText
from harness.contracts.clean_text import clean_line, clean_text, clip_text
from harness.contracts.event import (
    ChildEnded,
    Event,
    ModelReplied,
    OutputDelta,
    OutputGap,
    OutputReset,
    RunStarted,
    ToolCallFinished,
    ToolCallRequested,
    ToolCallStarted,
)

if TYPE_CHECKING:
    from acp.helpers import SessionUpdate

SHOWN = 20_000
"""Characters of a tool's result."""


class Updates:
    """Turns the events of one run into updates. The text of a reply is sent once, as it comes."""

    def __init__(self) -> None:
        self._text = LiveText()

    def of_event(self, event: Event) -> list[SessionUpdate]:
        """The updates of the next event."""
        from acp import helpers

        match event:
            case OutputDelta():
                return _say(self._text.add(event.text))
            case OutputReset():
                self._text.restart()
            case OutputGap():
                self._text.miss()
            case ModelReplied():
                whole = event.message.text
                rest = self._text.finish(whole)
                self._text = LiveText()
                # What was shown cannot be taken back: a reply that differs follows as a whole.
                return _say(f"\n\n{whole}" if rest is None else rest)
            case ChildEnded(answer=str() as text):  # of the agent that took over
                return _say(text)
            case ToolCallRequested():
                call = event.call
                title = clean_line(call.name)
                return [helpers.start_tool_call(call.id, title, kind="other", status="pending",
                        raw_input=call.arguments)]  # fmt: skip
            case ToolCallStarted():
                return [helpers.update_tool_call(event.call_id, status="in_progress")]
            case ToolCallFinished():
                status = "completed" if event.ok else "failed"
                content = [helpers.tool_content(helpers.text_block(_show(event.content)))]
                return [helpers.update_tool_call(event.call_id, status=status, content=content)]
            case _:
                pass
        return []


def replay_updates(events: list[Any]) -> list[SessionUpdate]:
    """The updates of a run that is read from its history: what was asked, then what was done."""
    from acp import helpers

    updates, found = Updates(), list["SessionUpdate"]()
    for event in events:
        if isinstance(event, RunStarted) and not event.continued:
            found.append(helpers.update_user_message_text(event.prompt))
        found += updates.of_event(event)
    return found


def _say(text: str) -> list[SessionUpdate]:
    from acp import helpers

    return [helpers.update_agent_message_text(text)] if text else []


def _show(text: str) -> str:
    return clean_text(clip_text(text, SHOWN))
