"""What all words promise: what is written can be read back, and costs no nulls."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_core import from_json, to_json

from harness.contracts import event, message, model, run, steering, tool, transcript
from harness.contracts.base import Word
from harness.contracts.message import ToolCall
from harness.contracts.run import Budget, Carry, Held, RunEnd, RunSpec, RunState, Totals
from harness.contracts.tool import RunTool, ToolOutcome


def words(kind: type[Word] = Word) -> Iterator[type[Word]]:
    for each in kind.__subclasses__():
        if each.__module__.startswith("harness.contracts"):
            yield each
        yield from words(each)


def optional(annotation: Any) -> bool:
    if typing.get_origin(annotation) in (typing.Union, UnionType):
        return NoneType in typing.get_args(annotation)
    return False


def test_all_words_are_looked_at() -> None:
    assert {event, message, model, run, steering, tool, transcript}
    assert len(set(words())) > 50


@pytest.mark.parametrize("word", sorted(set(words()), key=lambda w: w.__qualname__))
def test_what_may_be_none_may_be_absent(word: type[Word]) -> None:
    """`wire` leaves nulls out, so a field that must be there could not be read back."""
    for name, field in word.model_fields.items():
        if optional(field.annotation):
            assert not field.is_required(), f"{word.__name__}.{name} needs a default of None"


def test_a_call_of_an_earlier_version_is_read_without_its_retired_fields() -> None:
    sent = b'{"call": {"id": "1", "name": "f", "arguments": {}}, "turn": 1, "asks": true, '
    old = sent + b'"spec": "s", "session": "ann", "effect": "write"}'
    request = RunTool.model_validate_json(old)
    assert request == RunTool(call=ToolCall(id="1", name="f", arguments={}), turn=1, asks=True)
    assert not tool.RETIRED & from_json(request.wire()).keys()
    with pytest.raises(ValidationError, match="newer"):
        RunTool.model_validate_json(sent + b'"newer": 1}')


def test_a_run_that_was_carried_on_by_an_earlier_version_is_read() -> None:
    call = ToolCall(id="1", name="f", arguments={})
    held = Held(request=RunTool(call=call, turn=1), outcome=ToolOutcome(), since=1.0)
    carry = Carry(
        origin="o", started=1.0, turn=1, totals=Totals(), messages=(), budget=Budget(),
        held={"1": held},
    )  # fmt: skip
    spec = RunSpec(agent="a", spec="s", model="p/m", messages=(), carry=carry)
    sent = from_json(spec.wire())
    sent["carry"]["held"]["1"]["request"] |= {"spec": "s", "session": "ann"}
    assert RunSpec.model_validate_json(to_json(sent)) == spec


def test_retired_names_are_not_used_again() -> None:
    assert not tool.RETIRED & RunTool.model_fields.keys()


def test_nulls_inside_a_persons_or_a_models_json_stay() -> None:
    call = ToolCall(id="1", name="f", arguments={"a": None, "b": [None], "c": {"d": None}})
    assert ToolCall.model_validate_json(call.wire()) == call
    result = RunEnd(
        state=RunState.COMPLETED, output="", totals=Totals(), data={"a": None, "b": {"c": None}}
    )
    assert RunEnd.model_validate_json(result.wire()) == result
