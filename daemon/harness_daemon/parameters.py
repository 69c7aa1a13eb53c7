"""What the parameters of routes mean. The same name means the same on each route that takes it; a
route whose parameter means something else describes it itself."""

from __future__ import annotations

from typing import Any

MEANINGS = {
    "after": "Only what comes after this cursor: the id of an event that was read before.",
    "agent": "Only what belongs to the agent of this name.",
    "code": "The code of an error, such as `run.not_found`.",
    "conversation": "The id of the conversation.",
    "cursor": "Where the page starts: `next` of the page before. Goes with the same filters.",
    "fork_of": "Only forks of this run.",
    "idempotency-key": "Any text that is new for each request. The same key sent again is the same "
    "request, which is carried out once.",
    "if-match": "The `ETag` of what was read: the request is refused if it has changed since.",
    "last-event-id": "The id of the last event that was read; the stream goes on after it. "
    "Browsers send it when they reconnect.",
    "limit": "How many to return at most.",
    "model": "The name of a published agent.",
    "other": "The id of the run to compare with.",
    "response_id": "The id of the response.",
    "run": "The id of the run.",
    "session": "Only runs of this session.",
    "since": "Only what started at this time or later.",
    "starting_after": "Only events after the one with this number.",
    "state": "Only what is in this state.",
    "stream": "Whether to follow the events instead of reading the response once.",
    "tag": "Only conversations with this tag.",
    "text": "Only conversations whose title or messages contain these words.",
    "token": "The id of the token, not its secret.",
    "turn": "The number of the conversation's run to start with; the first is 1.",
    "user": "The name of the user.",
    "wait": "How many seconds to wait for the run to end.",
}


def describe_parameters(operation: dict[str, Any]) -> None:
    """Add the meaning of each parameter that an operation of OpenAPI leaves without one."""
    for parameter in operation.get("parameters", []):
        meaning = MEANINGS.get(parameter["name"])
        if meaning is not None:
            parameter.setdefault("description", meaning)
