"""Values become placeholders before a model reads them, and come back afterwards."""

from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

from harness.commons.redact import find_values, mask_kinds, redact
from harness.contracts.message import Message, Text, ToolCall, ToolResult, user_message
from harness.contracts.model import ModelRequest
from harness.gates.masking import Masking, Masks
from harness.gates.settings import RedactSettings
from harness.interceptors import Caller, ModelCall

CARD = "4111 1111 1111 1111"


def masks_of(*messages: Message, **options: object) -> tuple[Masks, ModelRequest]:
    settings = RedactSettings.model_validate({"model": ["email", "card", "secret"], **options})
    request = ModelRequest(model="m", instructions="Mail boss@corp.example.", messages=messages)
    caller = Caller(run="r", origin="o", agent="a", turn=1)
    call = ModelCall(caller=caller, model="p/m", request=request, sink=lambda _: None)
    masks = Masking(settings).find_masks(call)
    assert masks is not None
    return masks, masks.mask_request(request)


def test_the_same_value_has_the_same_placeholder_everywhere() -> None:
    talk = (
        user_message(f"I am ann@corp.example, card {CARD}"),
        Message(role="assistant", parts=(
            ToolCall(id="1", name="t", arguments={"to": ["ann@corp.example"]}),
        )),
        Message(role="tool", parts=(ToolResult(call="1", name="t", content="ann@corp.example"),)),
    )  # fmt: skip
    masks, request = masks_of(*talk)
    assert request.instructions == "Mail ⟦email-1⟧."
    assert request.messages[0].text == "I am ⟦email-2⟧, card ⟦card-1⟧"
    assert request.messages[1].calls[0].arguments == {"to": ["⟦email-2⟧"]}
    back = [masks.unmask_message(each, json=False) for each in request.messages]
    assert tuple(back) == talk


def test_more_messages_do_not_change_the_beginning() -> None:
    first = user_message("a@x.example")
    _, short = masks_of(first)
    _, long = masks_of(first, user_message("b@x.example"))
    assert long.messages[:1] == short.messages


def test_a_placeholder_of_the_user_is_not_replaced_by_a_value() -> None:
    masks, request = masks_of(user_message("What is ⟦email-1⟧?"))
    assert request.messages[0].text == "What is ⟦literal-1⟧?"
    assert masks.unmask("⟦literal-1⟧") == "⟦email-1⟧"


@pytest.mark.parametrize("size", range(1, 8))
def test_streamed_placeholders_are_replaced_however_they_are_cut(size: int) -> None:
    masks, _ = masks_of()
    text = "To ⟦email-1⟧ and ⟦email-9⟧, ⟦ and ⟦em"
    pieces: list[str] = []
    sink = masks.open_sink(pieces.append)
    for at in range(0, len(text), size):
        sink.write(text[at : at + size])
    sink.close()
    assert "".join(pieces) == "To boss@corp.example and ⟦email-9⟧, ⟦ and ⟦em"


def test_typed_answers_stay_json() -> None:
    masks, request = masks_of(user_message('x"y ABC-"12'), patterns={"part": 'ABC-"[0-9]{2}'})
    assert request.messages[0].text == 'x"y ⟦part-1⟧'
    answer = Message(role="assistant", parts=(Text(text='{"a": "⟦part-1⟧"}'),))
    assert masks.unmask_message(answer, json=True).text == '{"a": "ABC-\\"12"}'


@pytest.mark.parametrize("pattern", ["(a+)+b", "a*", "x{1,99}y{1,99}", "(", r"(a)\1", ""])
def test_patterns_that_may_take_long_are_refused(pattern: str) -> None:
    with pytest.raises(ValidationError):
        RedactSettings.model_validate({"patterns": {"p": pattern}})


def test_only_card_numbers_whose_check_digit_fits_are_found() -> None:
    text = f"{CARD} 4111 1111 1111 1112 0000000000000000"
    assert [text[each.start : each.end] for each in find_values(text, ["card"], {})] == [CARD]


def test_logs_mask_more_kinds_if_chosen() -> None:
    mask_kinds(["email"], {"part": re.compile("P-[0-9]{3}")})
    try:
        assert redact("ann@corp.example has P-123") == "*** has ***"
    finally:
        mask_kinds([], {})
    assert redact("ann@corp.example") == "ann@corp.example"
