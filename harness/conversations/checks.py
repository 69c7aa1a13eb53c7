"""What a conversation accepts, for clients and for its workflow. Pure."""

from __future__ import annotations

from pydantic_core import PydanticSerializationError

from harness.contracts.errors import InvalidMessage, MessageTooLarge
from harness.conversations.contracts import (
    MAX_MESSAGE_BYTES,
    MAX_MESSAGE_ID,
    MAX_TAG,
    MAX_TAGS,
    MAX_TITLE,
    Change,
    SendMessage,
)


def check_message(message: SendMessage) -> None:
    """Raise a HarnessError if no conversation accepts the message."""
    if not is_id(message.id, MAX_MESSAGE_ID):
        raise InvalidMessage(
            f"{message.id[:40]!r} is not a valid message id.",
            fix=f"Use 1 to {MAX_MESSAGE_ID} printable characters.",
        )
    if not message.text.strip() and all(part.type == "text" for part in message.parts):
        raise InvalidMessage(f"Message {message.id!r} is empty.")
    try:
        size = len(message.wire())
    except PydanticSerializationError:
        raise InvalidMessage(f"Message {message.id!r} is not valid Unicode.") from None
    if size > MAX_MESSAGE_BYTES:
        raise MessageTooLarge(
            f"Message {message.id!r} has {size:,} bytes; the limit is {MAX_MESSAGE_BYTES:,}."
        )


def check_change(change: Change) -> None:
    """Raise InvalidMessage if a title or a tag is too long or not printable."""
    if change.title and not (len(change.title) <= MAX_TITLE and change.title.isprintable()):
        raise InvalidMessage(f"A title has up to {MAX_TITLE} printable characters.")
    tags = change.tags or ()
    if len(tags) > MAX_TAGS or len(set(tags)) < len(tags):
        raise InvalidMessage(f"A conversation has up to {MAX_TAGS} different tags.")
    for tag in tags:
        if not is_id(tag, MAX_TAG):
            raise InvalidMessage(
                f"A tag has 1 to {MAX_TAG} printable characters, not {tag[:60]!r}."
            )


def is_id(text: str, most: int) -> bool:
    return 0 < len(text) <= most and text.isprintable() and bool(text.strip())
