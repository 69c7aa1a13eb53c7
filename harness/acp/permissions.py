"""What a run asks, as a permission request of the editor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.contracts.clean_text import clean_line, clean_text, clip_text
from harness.contracts.errors import SteeringError
from harness.contracts.event import DecisionRequested
from harness.contracts.steering import Verdict
from harness.contracts.verdicts import MEANINGS
from harness.sdk.handle import RunHandle

if TYPE_CHECKING:
    from acp import Client
    from acp.schema import PermissionOptionKind

QUESTION = "answer"
"""The need of a question, which takes a text: the next prompt is the answer."""
HAPPENED = "A person says that it happened."
KINDS: dict[Verdict, PermissionOptionKind] = {
    "approve": "allow_once", "answer": "allow_once", "reject": "reject_once",
}  # fmt: skip
SHOWN = 4_000
"""Characters of a question and of its arguments that a person sees."""


async def ask_permission(
    editor: Client, session: str, run: RunHandle[Any], asked: DecisionRequested
) -> bool:
    """Ask the person at the editor, and decide as they say; False if they dismiss it, which decides
    nothing. If somebody else has decided meanwhile, that counts."""
    from acp import helpers, schema

    offered: dict[Verdict, str] = {
        each: does for each, does in MEANINGS[asked.need].items() if each in KINDS
    }
    reply = await editor.request_permission(
        session_id=session,
        tool_call=schema.ToolCallUpdate(
            tool_call_id=asked.id,
            title=clean_line(asked.tool or asked.need),
            status="pending",
            raw_input=asked.arguments,
            content=[helpers.tool_content(helpers.text_block(_describe(asked)))],
        ),
        options=[
            schema.PermissionOption(option_id=verdict, name=does, kind=KINDS[verdict])
            for verdict, does in offered.items()
        ],
    )
    chosen = getattr(reply.outcome, "option_id", None)
    verdict: Verdict | None = next((each for each in offered if each == chosen), None)
    if verdict is None:
        return False
    try:
        await run.decide(verdict, asked, answer=HAPPENED if verdict == "answer" else None)
    except SteeringError:
        return all(each.id != asked.id for each in await run.pending())
    return True


def _describe(asked: DecisionRequested) -> str:
    texts = [asked.question]
    if asked.tool:
        texts.append(json.dumps(asked.arguments, ensure_ascii=False, indent=2))
    return "\n".join(clip_text(clean_text(text), SHOWN) for text in texts)
