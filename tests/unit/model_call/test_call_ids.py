"""Every call of a reply gets an id of its own."""

from harness.contracts.message import Message, Text, ToolCall
from harness_activities.model_call.call_ids import make_ids_unique


def _reply(*ids: str) -> Message:
    calls = [ToolCall(id=id, name="look", arguments={}) for id in ids]
    return Message(role="assistant", parts=(Text(text="so"), *calls))


def test_good_ids_are_left_alone() -> None:
    reply = _reply("a", "b")
    assert make_ids_unique(reply) is reply


def test_repeated_and_empty_ids_become_unique() -> None:
    reply = make_ids_unique(_reply("c1", "c1", "", "", "c1_2"))
    assert [call.id for call in reply.calls] == ["c1", "c1_2", "call", "call_2", "c1_2_2"]
    assert reply.text == "so"
