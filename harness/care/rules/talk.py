"""How care/rules talks with a person: it reports figures, says what is likely to be the cause, and
repairs when it is asked to."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from harness.care.rules.remedy import Step
from harness.care.rules.seen import Listed, read_figures, read_invariants
from harness.contracts.message import Message, ToolResult, user_message

Decide = Callable[[Sequence[Message]], Step]
"""What to do next on a ticket."""
FIX = re.compile(
    r"\b(fix|repair|revert|restart|undo|deploy|increase|raise|roll back|mend)\b", re.IGNORECASE
)
WHY = re.compile(r"\b(why|cause|reason|what happened|since when)\b", re.IGNORECASE)
CHANGING = (
    "edit_file", "run_tests", "propose_change", "propose_revert", "deploy_change",
    "restart_subject",
)  # fmt: skip
MOST_LINES = 12
WORD = re.compile(r"[a-z]{2,}")
STEM = 5
"""Letters of a word that count: `rejection` means the invariant `rejections`."""
ASKED = (None, "hint")
"""Where the words of a person come from."""


def decide_in_talk(instructions: str, messages: Sequence[Message], decide: Decide) -> Step:
    """The next step of an answer. The rules for tickets see this question alone: what was found for
    an earlier one may have changed."""
    last = max(place for place, message in enumerate(messages) if _is_asked(message))
    question, fresh = messages[last].text, messages[last + 1 :]
    asked = (user_message(instructions), *fresh)
    if FIX.search(question):
        return decide(asked)
    if WHY.search(question):
        text, call = decide(asked)
        if call is not None and call[0] in CHANGING:
            return f'{_quote_hypothesis(fresh)} Say "fix it", and I propose a change.', None
        return text, call
    return _report(instructions, question, fresh)


def _is_asked(message: Message) -> bool:
    return message.role == "user" and message.origin in ASKED


def _report(instructions: str, question: str, fresh: Sequence[Message]) -> Step:
    found = re.search(r"^Subject: (\S+?)\. ", instructions, re.MULTILINE)
    results = _read_results(fresh)
    if found is None:
        return "I know no subject.", None
    if "list_invariants" not in results:
        return "I look.", ("list_invariants", {"subject": found[1]})
    lines = results["list_invariants"].splitlines()
    meant = _find_meant(question, results["list_invariants"])
    if meant is None:
        return "\n".join(lines[:MOST_LINES]), None
    if meant.tool not in results:
        return "The figures of that:", (meant.tool, {"query": meant.query, "minutes": 15})
    shown = next(line for line in lines if line.startswith(f"{meant.name}: "))
    return f"{shown}\n{read_figures(results[meant.tool])}".strip(), None


def _find_meant(question: str, listed: str) -> Listed | None:
    """The first invariant whose name has a word of the question."""
    stems = _find_stems(question)
    found = (each for each in read_invariants(listed) if stems & _find_stems(each.name))
    return next(found, None)


def _find_stems(text: str) -> set[str]:
    return {word[:STEM] for word in WORD.findall(text.lower())}


def _quote_hypothesis(fresh: Sequence[Message]) -> str:
    """What it has noted itself in this answer, and not given up."""
    for message in reversed(fresh):
        for call in message.calls:
            said = call.arguments if isinstance(call.arguments, dict) else {}
            if call.name == "note_hypothesis" and said.get("verdict") == "likely":
                return f"Likely: {said['hypothesis']}"
    return "I have found no likely cause."


def _read_results(messages: Sequence[Message]) -> dict[str, str]:
    return {
        part.name: part.content
        for message in messages
        for part in message.parts
        if isinstance(part, ToolResult)
    }
