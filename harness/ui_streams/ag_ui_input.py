"""What clients of AG-UI send. Fields that are not named here, and all of the thread but the last
message of the user, are ignored: the conversation has its own history."""

from __future__ import annotations

from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from harness.contracts.errors import InvalidRequest
from harness.ui_streams.questions import MAX_ANSWERS, MAX_ID, Question, Reply, make_reply

MAX_MESSAGES = 5_000
MAX_NAME = 500


class _Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class AgUiMessage(_Given):
    """A message of the thread."""

    id: str = Field(min_length=1, max_length=MAX_NAME)
    """The client's id of it: the same id again is the same message."""
    role: str = Field(max_length=40)
    """Who said it."""
    content: Any = None
    """Of the user's last message: a text, or parts that are texts."""


class AgUiAnswer(_Given):
    """A reply to an interrupt."""

    interruptId: str = Field(max_length=MAX_ID)
    """The id that the interrupt had."""
    status: Literal["resolved", "cancelled"]
    """Whether the person replied."""
    payload: Any = None
    """The reply, as the interrupt's schema describes it."""


class AgUiInput(_Given):
    """AG-UI's RunAgentInput."""

    threadId: str = Field(min_length=1, max_length=MAX_NAME)
    """A conversation's id, or any other one: its first message creates a conversation."""
    runId: str = Field(min_length=1, max_length=MAX_NAME)
    """The client's name of this request; repeated in the stream."""
    messages: list[AgUiMessage] = Field(max_length=MAX_MESSAGES)
    """The thread. Only the last message of the user is read."""
    resume: list[AgUiAnswer] | None = Field(default=None, max_length=MAX_ANSWERS)
    """Replies to the interrupts that the last run ended with."""


def read_user_message(given: AgUiInput) -> tuple[str, str]:
    """The id and the text of the last message of the user."""
    found = next((each for each in reversed(given.messages) if each.role == "user"), None)
    if found is None:
        raise InvalidRequest("messages: none of them is from the user.")
    return found.id, read_text(found.content, "content")


def read_text(content: Any, where: str) -> str:
    """The text of a message's content: a string, or parts of text.

    Raises:
        InvalidRequest: It has something else, such as a file.
    """
    if isinstance(content, str):
        return _check_text(content)
    if not isinstance(content, list):
        raise InvalidRequest(f"The {where} of the last user message is neither text nor parts.")
    texts: list[str] = []
    for place, part in enumerate(cast("list[Any]", content)):
        match part:
            case {"type": "text", "text": str(text)}:
                texts.append(text)
            case _:
                raise InvalidRequest(
                    f"{where}[{place}] of the last user message is not text.",
                    fix="Send text. To send a file, POST it to the conversation's messages.",
                )
    return _check_text("\n".join(texts))


def _check_text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidRequest("The last user message is not valid Unicode.") from None
    return text


def read_reply(answer: AgUiAnswer, question: Question) -> Reply:
    """The reply to an interrupt, in the form that its schema asks for, or shorter."""
    given = answer.payload
    if answer.status == "cancelled":
        return Reply(approved=False, note="The user gave no answer.")
    if question.asked is None:
        return Reply(approved=True)
    if isinstance(given, bool):
        given = {"approved": given}
    elif isinstance(given, str):
        given = {"answer": given}
    return make_reply(given)
