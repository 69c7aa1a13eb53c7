"""Asks the person behind an MCP client to decide what a run waits for.

Clients of 2025-11-25 are asked while their call is open. Clients of 2026-07-28 get the questions as
the answer of the call, and repeat the call with what the person said. A question's key is the
cursor of the run's own request, so that an answer cannot reach a later request.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.api.caller import Role
from harness.contracts.clean_text import clean_line, clean_text, clip_text
from harness.contracts.errors import InvalidRequest, NotAllowed
from harness.contracts.event import DecisionRequested
from harness.contracts.verdicts import MEANINGS
from harness.mcp_server.call import McpCall
from harness.runs.requests import digest_key
from harness.runs.steer import decide_run

if TYPE_CHECKING:
    from mcp.types import ElicitRequestFormParams, ElicitResult

SHOWN = 4_000
"""Characters of a question and of its arguments that a person sees."""
MOST_TEXT = 100_000
"""Characters of an answer."""
ACCEPT = "accept"


def can_elicit(call: McpCall) -> bool:
    """Whether the client can ask a person, and the caller may decide."""
    declared = call.request.session.client_capabilities
    elicitation = declared.elicitation if declared else None
    if elicitation is None or not call.caller.role.covers(Role.OPERATOR):
        return False
    return elicitation.form is not None or elicitation.url is None  # neither named means forms


def key_of(asked: DecisionRequested) -> str:
    """What a question is known by: the place of the request in the run's history."""
    return str(asked.cursor)


def make_form(run: str, asked: DecisionRequested) -> ElicitRequestFormParams:
    """The question as a form of plain fields, which is all that clients show."""
    from mcp.types import ElicitRequestFormParams

    meanings = _offered(asked)
    properties: dict[str, Any] = {}
    if len(meanings) > 1:
        properties["verdict"] = {
            "type": "string",
            "title": "Decision",
            "description": "; ".join(f"{verdict}: {does}" for verdict, does in meanings.items()),
            "enum": list(meanings),
        }
    if "answer" in meanings:
        properties["answer"] = {"type": "string", "title": "Answer"}
    if asked.need != "answer":
        properties["note"] = {"type": "string", "title": "Note"}
    required = ["verdict"] if "verdict" in properties else ["answer"]
    schema = {"type": "object", "properties": properties, "required": required}
    return ElicitRequestFormParams(message=_describe(run, asked), requested_schema=schema)


async def take_answer(
    call: McpCall, run: str, asked: DecisionRequested, answer: ElicitResult
) -> bool:
    """Decide as the person said; False if they declined or dismissed the question, which decides
    nothing.

    Raises:
        InvalidRequest: The answer does not fit the form.
        NotAllowed: The caller may only read. Clients can send answers that nobody asked for.
    """
    if answer.action != ACCEPT:
        return False
    if not call.caller.role.covers(Role.OPERATOR):
        raise NotAllowed(
            f"Deciding needs the role operator; the caller has the role {call.caller.role}."
        )
    said = _read_answer(asked, answer.content or {})
    key = digest_key(call.caller, f"mcp {run} {key_of(asked)}")
    await decide_run(call.context.connection, run, asked, said, key=key, by=call.caller)
    return True


def _offered(asked: DecisionRequested) -> dict[str, str]:
    """What can be chosen in a form: an edit needs fields of the tool's own."""
    if asked.need == "answer":
        return {"answer": MEANINGS["answer"]["answer"]}
    return {each: does for each, does in MEANINGS[asked.need].items() if each != "edit"}


def _describe(run: str, asked: DecisionRequested) -> str:
    lines = [f"Run {clean_line(run)} asks: {_show(asked.question)}"]
    if asked.tool:
        arguments = json.dumps(asked.arguments, ensure_ascii=False, indent=2)
        lines += [f"Tool: {clean_line(asked.tool)}", f"Arguments: {_show(arguments)}"]
    return "\n".join(lines)


def _show(text: str) -> str:
    return clip_text(clean_text(text), SHOWN)


def _read_answer(asked: DecisionRequested, content: dict[str, Any]) -> dict[str, Any]:
    offered = _offered(asked)
    verdict = content.get("verdict") if len(offered) > 1 else next(iter(offered))
    if not isinstance(verdict, str) or verdict not in offered:
        raise InvalidRequest(
            f"{str(verdict)[:40]!r} is not a decision about {asked.id!r}.",
            fix=f"Choose one of {', '.join(offered)}.",
        )
    texts = {name: content.get(name) or None for name in ("answer", "note")}
    if any(text is not None and not _is_text(text) for text in texts.values()):
        raise InvalidRequest(f"The answer is not a text of {MOST_TEXT:,} characters at most.")
    if verdict != "answer":
        texts["answer"] = None
    elif texts["answer"] is None:
        raise InvalidRequest("The answer is empty.", fix="Write an answer, or reject.")
    return {"verdict": verdict, **texts}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MOST_TEXT
