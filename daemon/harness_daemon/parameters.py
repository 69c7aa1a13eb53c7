"""What the parameters of routes mean. The same name means the same on each route that takes it; a
route whose parameter means something else describes it itself."""

from __future__ import annotations

from typing import Any

IN_PATHS = {
    "agent": "The name of a published agent.",
    "artifact": "The id of the file, from the list of those of the run.",
    "capability": "The name of the capability.",
    "chat": "The id of the chat: a conversation's id, or the client's own.",
    "code": "The code of an error, such as `run.not_found`.",
    "conversation": "The id of the conversation.",
    "eval": "The id of the evaluation.",
    "memory": "The id of the memory.",
    "model": "The name of a published agent.",
    "prompt": "The name of the template, or NAME@VERSION where a version is read.",
    "request": "The id of the recorded request.",
    "remembered": "The id of the remembered approval.",
    "response_id": "The id of the response.",
    "run": "The id of the run.",
    "token": "The id of the token, not its secret.",
    "turn": "The number of the turn, from 1.",
    "user": "The name of the user.",
    "webhook": "The id of the webhook.",
    "subject": "The name of the subject.",
    "invariant": "The name of the invariant.",
    "ticket": "The id of the ticket.",
    "silence": "The id of the silence.",
}
ELSEWHERE = {
    "after": "Only what comes after this cursor: the id of an event that was read before.",
    "agent": "Only what belongs to the agent with this name.",
    "all": "Whether to list the tokens of all users; for admins only.",
    "archived": "Whether to list archived ones too.",
    "attempts": "Whether to add the failed attempts of calls.",
    "engine": "Whether to compare with Temporal too, as far as it has the runs.",
    "baseline": "The id of an evaluation to compare with, or `last`.",
    "failed": "Whether to list only results that did not pass.",
    "before": "The `next` of the previous page.",
    "cursor": "The `next` of the previous page. Send the same filters as for that page.",
    "budget": "Only the budget with this name, such as `session:ID`.",
    "by": "What the calls of a row have in common. Repeat it for several.",
    "format": "The format of the answer.",
    "fork_of": "Only forks of this run.",
    "idempotency-key": "A text that is unique to this request. A request repeated with the same "
    "key is carried out once.",
    "if-match": "The `ETag` of what was read: the request is refused if it has changed since.",
    "action": "Only actions of this kind.",
    "assignee": "Only those of this person; empty: those of nobody.",
    "end": "Only what happened before this time, in seconds since 1970.",
    "kind": "Only acts of this kind.",
    "last-event-id": "The id of the last event that was read; the stream continues after it. "
    "Browsers send it when they reconnect.",
    "if-none-match": "The `ETag` of a response that the client has: if it is current, 304.",
    "limit": "The maximum number to return.",
    "model": "Only calls of this model, as provider/model.",
    "name": "The name of the file; folders before it are left out.",
    "other": "The id of the run to compare with.",
    "owner": "Only what belongs to this user; only admins see what belongs to others.",
    "priority": "Only what has this priority.",
    "profile": "The profile of gates to try, instead of what was recorded.",
    "query": "A condition in Temporal's query language; for admins only.",
    "run": "Only what belongs to the run with this id.",
    "session": "Only runs of this session.",
    "Range": "The part to send, such as `bytes=0-999`.",
    "since": "Only what started at this time or later.",
    "q": "A text: only what fits it is listed, the best first.",
    "start": "Only what happened from this time on, in seconds since 1970.",
    "starting_after": "Only events after the one with this number.",
    "state": "Only what is in this state.",
    "stream": "Whether to follow the events instead of reading the response once.",
    "tag": "Only conversations with this tag.",
    "text": "Only conversations whose title or messages contain these words.",
    "token": "The replay token of an earlier verification.",
    "turn": "The number of the conversation's run to start with; the first is 1.",
    "turns": "The number of newest runs whose messages to read.",
    "until": "Only up to this day.",
    "user": "Whose tokens to list; by default the caller's own.",
    "wait": "How many seconds to wait for the run to end.",
}


def describe_parameters(operation: dict[str, Any]) -> None:
    """Add the meaning of each parameter that an operation of OpenAPI leaves without one."""
    for parameter in operation.get("parameters", []):
        meanings = IN_PATHS if parameter["in"] == "path" else ELSEWHERE
        meaning = meanings.get(parameter["name"])
        if meaning is not None:
            parameter.setdefault("description", meaning)
