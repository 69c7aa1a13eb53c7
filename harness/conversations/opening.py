"""The conversations that a caller of the API may see."""

from __future__ import annotations

from harness.api.caller import Caller
from harness.api.context import ApiContext, owner_filter
from harness.conversations.client import Conversations


def open_conversations(context: ApiContext, caller: Caller) -> Conversations:
    """The conversations that the caller may see."""
    return Conversations(context.connection, owner=owner_filter(caller), by=caller.user)
