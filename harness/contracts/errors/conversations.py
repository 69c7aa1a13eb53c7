"""A conversation cannot be found, or does not accept what was sent."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class ConversationError(HarnessError):
    """A conversation cannot be found, or does not accept what was sent."""

    http_status = 400


class ConversationNotFound(ConversationError):
    """There is no conversation with that id, or it belongs to someone else."""

    code = "conversations.not_found"
    fix = "List the conversations: `harness conversation list`."
    http_status = 404


class ConversationExists(ConversationError):
    """A conversation with that id exists, or runs of a session with that id belong to someone
    else."""

    code = "conversations.exists"
    fix = "Choose another id, or leave it out."
    http_status = 409


class ConversationClosed(ConversationError):
    """The conversation is archived or deleted, so it accepts no messages."""

    code = "conversations.closed"
    fix = "Restore it: `harness conversation restore ID`."
    http_status = 409


class InvalidTransition(ConversationError):
    """The conversation's state does not allow the change."""

    code = "conversations.transition"
    fix = "See its state: `harness conversation show ID`."
    http_status = 409


class ConversationChanged(ConversationError):
    """The conversation has changed since the version that the request's `If-Match` header names."""

    code = "conversations.changed"
    fix = "Read the conversation again, and repeat the change with its new ETag."
    http_status = 412


class InvalidMessage(ConversationError):
    """A message is empty, or its id or a part of it is not valid."""

    code = "conversations.invalid_message"
    fix = "Correct it as the message says."


class MessageTooLarge(ConversationError):
    """The message exceeds 1 MB."""

    code = "conversations.too_large"
    fix = "Send less than 1 MB; put the rest in a file."
    http_status = 413


class InboxFull(ConversationError):
    """A thousand messages, or 4 MB of them, wait in the conversation; or the conversation has
    received as many messages and changes during its open run as one history can hold."""

    code = "conversations.full"
    fix = "Wait until the open run has ended, or abort it."
    http_status = 429


class ConversationBusy(ConversationError):
    """The conversation's next run waits for another run of the same session, which was started
    outside the conversation. It starts as soon as that run has ended."""

    code = "conversations.busy"
    fix = "Wait for that run, or abort it."
    http_status = 409
    retryable = True


class SearchUnavailable(ConversationError):
    """Content is encrypted, so there is no full-text search."""

    code = "conversations.no_search"
    fix = "List by owner, agent, tag or state."
