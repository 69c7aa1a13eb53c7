"""care/rules in a conversation: it reports, explains, and changes something only when asked to."""

from __future__ import annotations

import pytest

from harness.care.rules.model import decide
from harness.care.rules.talk import decide_in_talk
from harness.contracts.message import Message, ToolCall, ToolResult, user_message

INSTRUCTIONS = "You talk with a person.\nSubject: shop. Sells things.\nMetrics: none. Logs: none."
BROKEN = "errors: broken, value 5; must be: rate(x[1m]) < 1\nup: holds, value 1; must be: up == 1"
CHANGES = f"2030-01-01T10:00:00Z commit {'a' * 40} by ann: Save money"
HYPOTHESIS = "The commit aaaaaaaaaaaa broke errors."
LOOKED = {"list_invariants": BROKEN, "list_changes": CHANGES, "query_metrics": "x: last 5"}


def talk(question: str, results: dict[str, str], before: tuple[Message, ...] = ()) -> list[Message]:
    """A question, and what the calls for its answer have returned."""
    found = [*before, user_message(question)]
    for number, (name, content) in enumerate(results.items()):
        said = {"hypothesis": HYPOTHESIS, "verdict": "likely"} if name == "note_hypothesis" else {}
        call = ToolCall(id=f"c{number}", name=name, arguments=said)
        result = ToolResult(call=call.id, name=name, content=content)
        found += [Message(role="assistant", parts=(call,)), Message(role="tool", parts=(result,))]
    return found


def step(question: str, results: dict[str, str], before: tuple[Message, ...] = ()) -> str:
    """The tool that is called next, or the end of the answer."""
    text, call = decide_in_talk(INSTRUCTIONS, talk(question, results, before), decide)
    return text if call is None else call[0]


def test_a_question_is_answered_with_figures() -> None:
    assert step("Check the errors", {}) == "list_invariants"
    assert step("Check the errors", {"list_invariants": BROKEN}) == "query_metrics"
    looked = {"list_invariants": BROKEN, "query_metrics": "x: last 5"}
    assert step("Check the errors", looked) == f"{BROKEN.splitlines()[0]}\nx: last 5"
    assert step("What is the error rate?", looked) == f"{BROKEN.splitlines()[0]}\nx: last 5"
    drawn = {**looked, "query_metrics": "x: last 5\n  5 ┤⣀⡠⠊\n[all of it, 1 curve, has 9 bytes]"}
    assert step("Check the errors", drawn) == f"{BROKEN.splitlines()[0]}\nx: last 5"
    assert step("How are you?", {"list_invariants": BROKEN}) == BROKEN


def test_the_cause_is_named_and_nothing_is_changed() -> None:
    assert step("Why is it high?", LOOKED) == "note_hypothesis"
    answer = step("Why is it high?", {**LOOKED, "note_hypothesis": "Noted"})
    assert answer.startswith(f"Likely: {HYPOTHESIS}")


@pytest.mark.parametrize("question", ["Fix it", "Please revert that", "Repair it now"])
def test_it_changes_something_when_it_is_asked_to(question: str) -> None:
    assert step(question, {**LOOKED, "note_hypothesis": "Noted"}) == "propose_revert"


def test_what_was_found_for_an_earlier_question_is_looked_up_again() -> None:
    before = tuple(talk("Check the errors", LOOKED))
    assert step("Fix it", {}, before) == "list_invariants"
    hint = user_message("Mind the load", origin="mend")
    messages = [*talk("Fix it", {}, before), hint]
    assert decide_in_talk(INSTRUCTIONS, messages, decide)[1] == (
        "list_invariants", {"subject": "shop"},
    )  # fmt: skip
