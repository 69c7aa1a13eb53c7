"""Why a request that the OpenAPI document allows may be refused with 400: rules that no schema
expresses. Whatever else is refused fails the suite."""

from __future__ import annotations

import re
from typing import NamedTuple


class Refusal(NamedTuple):
    """What one rule says."""

    operation: str
    """A regular expression of operations, as `POST /api/v1/runs`."""
    code: str
    """The code of the problem."""
    text: str = ""
    """A regular expression of what the problem says, where one code has several reasons."""


REFUSALS = (
    # Cursors are signed, or ids of events of one run.
    Refusal(r"GET /api/v1/.*", "api.unknown_cursor"),
    Refusal(r"GET /api/v1/conversations.*", "config.invalid_value", "is not a cursor"),
    Refusal(r"GET /api/v1/streams/.*", "api.invalid_request", "A live read needs an offset"),
    # Temporal judges its own language of queries.
    Refusal(r"GET /api/v1/runs", "config.invalid_value", "Temporal refuses|has the character NUL"),
    # One field decides what another may be.
    Refusal(r"POST .*/(runs|messages)", "api.invalid_request", "The request needs either"),
    Refusal(r"POST .*/decide", "steering.bad_payload", "verdict .* needs"),
    Refusal(r"POST .*/(runs|messages)", "config.invalid_value", "The budget has .* not a number"),
    # A message of a person, whose words are printable and no results of the client's own tools.
    Refusal(r"POST /api/v1/ai-sdk/.*", "api.invalid_request", "messages: |The last message is"),
    Refusal(r"POST /api/v1/ag-ui/.*", "api.invalid_request", "messages: |Thread .* no messages"),
    Refusal(r"POST /v1/(chat/completions|responses)", "openai_api.unsupported"),
    Refusal(r"POST /v1/chat/completions", "config.invalid_value", "The prompt is empty"),
    Refusal(
        r"POST /v1/responses", "api.invalid_request", "[Tt]he input is empty|body.input: Value"
    ),
    # What may be a name, and how a template is written.
    Refusal(r".* /api/v1/prompts/.*", "config.invalid_value", "does not name a prompt template"),
    Refusal(r"POST .*/(runs|messages)", "config.invalid_value", "does not name a prompt template"),
    Refusal(r"(PUT|POST) /api/v1/prompts/.*", "prompts.invalid_template"),
    Refusal(r"POST /api/v1/.*", "config.invalid_value", "is not a valid (run|conversation) id"),
    Refusal(r"POST /api/v1/tokens", "config.invalid_value", "is not a valid token name"),
    # What exists, what is signed, what is printable, where a webhook may go.
    Refusal(r"(POST|PATCH) /api/v1/(imported-)?conversations.*", "conversations.invalid_message"),
    # A part's kind may be left out by what we wrote ourselves, not in what is imported.
    Refusal(r"POST .*/imported-conversations", "api.invalid_request", "Unable to extract tag"),
    Refusal(r"POST .*/webhooks", "webhooks.refused"),
    # What the file of an evaluation and its cases say.
    Refusal(r"POST .*/evals", "evals.invalid"),
    # An invariant is text that Postgres can store, and recovers not more easily than it breaks.
    Refusal(r"POST /api/v1/care/invariants", "api.invalid_request", "NUL|recover"),
    # Something must be looked for: words, or a subject.
    Refusal(r"GET /api/v1/care/metrics", "api.invalid_request", "Say what to look for"),
    # What a policy file says, and whether the project has a policy at all.
    Refusal(r"(POST|PUT) .*/policy(/test)?", "policies.invalid"),
    Refusal(r"PUT .*/policy", "policies.none"),
)


def is_known(operation: str, code: str, text: str) -> bool:
    """Whether there is a rule by which the operation refuses the request."""
    return any(
        re.fullmatch(each.operation, operation) and each.code == code and re.search(each.text, text)
        for each in REFUSALS
    )
