"""What the AI SDK's clients send. Of the chat's messages only the last one is read: a new one
of the user, or the assistant's with what the user replied to its questions."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from harness.contracts.errors import InvalidRequest
from harness.ui_streams.questions import MAX_ANSWERS, MAX_ID, Reply, make_reply

MAX_MESSAGES = 5_000
MAX_PARTS = 5_000
MAX_NAME = 500


class _Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class Approval(_Given):
    """What the user said about a tool call."""

    id: str = Field(max_length=MAX_ID)
    """The id that the request for approval had."""
    approved: bool | None = None
    """Whether the call may be made."""
    reason: str | None = None
    """Why; the model reads it with a rejection."""


class UiPart(_Given):
    """A part of a message."""

    type: str = Field(max_length=MAX_NAME)
    """`text`, or the kind of a part that holds a reply."""
    text: str | None = None
    """The text of a text part."""
    toolCallId: str | None = Field(default=None, max_length=MAX_ID)
    """The call that the part belongs to."""
    state: str | None = None
    """How far the call has come, such as `approval-responded`."""
    approval: Approval | None = None
    """The reply to a request for approval."""
    output: Any = None
    """The reply to a question."""


class UiMessage(_Given):
    """A message of the chat."""

    id: str = Field(min_length=1, max_length=MAX_NAME)
    """The client's id of it: the same id again is the same message."""
    role: str = Field(max_length=40)
    """Who said it."""
    parts: list[UiPart] = Field(max_length=MAX_PARTS)
    """What it consists of."""
    metadata: Any = None
    """What the stream sent along with an answer."""


class AiSdkInput(_Given):
    """The request of the AI SDK's `DefaultChatTransport`."""

    id: str = Field(min_length=1, max_length=MAX_NAME)
    """The chat: a conversation's id, or any other one: its first message creates a conversation."""
    messages: list[UiMessage] | None = Field(default=None, max_length=MAX_MESSAGES)
    """The chat's messages. Only the last one is read."""
    message: UiMessage | None = None
    """The last message, for clients that send only that one."""
    trigger: Literal["submit-message", "regenerate-message"] = "submit-message"
    """Only `submit-message` is accepted: an answer is a durable run."""

    @property
    def last(self) -> UiMessage:
        """The message to read."""
        last = self.message or (self.messages[-1] if self.messages else None)
        if last is None:
            raise InvalidRequest("messages: there is no message.")
        if self.trigger != "submit-message":
            raise InvalidRequest(
                "The trigger regenerate-message has no counterpart: an answer is a durable run.",
                fix="Fork the conversation before the message: POST .../conversations/ID/fork.",
            )
        return last


def read_text(message: UiMessage) -> str:
    """The text of a message of the user.

    Raises:
        InvalidRequest: It has something else, such as a file.
    """
    for place, part in enumerate(message.parts):
        if part.type != "text" or part.text is None:
            raise InvalidRequest(
                f"parts[{place}] of the last message is {part.type[:40]!r}, not text.",
                fix="Send text.",
            )
    return "\n".join(part.text or "" for part in message.parts)


def read_replies(message: UiMessage) -> dict[str, Reply]:
    """What the user replied to the questions of the assistant's message, by the question's id.

    Raises:
        InvalidRequest: There is none.
    """
    replies, outputs = dict[str, Reply](), dict[str, Any]()
    for part in message.parts:
        if part.state == "approval-responded" and part.approval is not None:
            said = part.approval
            replies[said.id] = Reply(approved=said.approved or False, note=said.reason)
        elif part.state == "output-available" and part.toolCallId is not None:
            outputs[part.toolCallId] = part.output
    for call, id in _find_asked(message.metadata).items():
        if call in outputs:
            replies[id] = make_reply({"answer": _write_output(outputs[call])})
    if len(replies) > MAX_ANSWERS:
        raise InvalidRequest(f"The last message has more than {MAX_ANSWERS} replies.")
    if not replies:
        raise InvalidRequest(
            "The last message is the assistant's, and replies to nothing.",
            fix="End with a message of the user, or with the reply to a question of the run.",
        )
    return replies


def _find_asked(metadata: Any) -> dict[str, str]:
    """The ids of the questions that tool calls ask, as the end of the stream named them."""
    found = dict[str, str]()
    match metadata:
        case {"harness": {"asked": [*given]}}:
            for each in given:
                match each:
                    case {"call": str(call), "question": str(id)}:
                        found[call] = id
                    case _:
                        pass
        case _:
            pass
    return found


def _write_output(output: Any) -> str:
    if isinstance(output, str):
        return output
    try:
        return to_json(output).decode()
    except (ValueError, RecursionError):
        raise InvalidRequest("The output of a tool is nested too deeply.") from None
