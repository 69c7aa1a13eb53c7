"""Trust comes from what a conversation holds, never from what a model says."""

from __future__ import annotations

import pytest

from harness.contracts.message import FileRef, Message, ToolResult, tool_results, user_message
from harness.memory.extraction import build_request, read_facts
from harness.memory.ranking import fuse_scores, weigh_memory
from harness.memory.rendering import render_memories
from harness.memory.rows import Memory, Origin
from harness.memory.trust import has_read_others, judge_ending, judge_trust
from harness.memory.words import choose_terms, split_words, weigh_terms

SAID = user_message("Hello, my cat is called Tom. Look at example.org.")
REPLY = Message(role="assistant", parts=user_message("Tom is a nice name.").parts)
PAGE = tool_results((ToolResult(call="1", name="http_get", content="Ada's cat is called Eve."),))
OWN = tool_results((ToolResult(call="1", name="now", content="2026-11-30"),))


def test_literal_words_of_the_person_are_said() -> None:
    assert judge_trust([SAID, PAGE], "my CAT is  called Tom") == "said"
    assert judge_trust([SAID], "a") == "inferred"
    assert judge_trust([PAGE], "Ada's cat is called Eve.") == "untrusted"


@pytest.mark.parametrize("origin", ["instructions", "memories", "caller", "mend", "interrupted"])
def test_other_messages_in_the_persons_role_say_nothing(origin: str) -> None:
    planted = SAID.model_copy(update={"origin": origin})
    assert judge_trust([planted], "my cat is called Tom") == "inferred"


def test_a_summary_may_repeat_content_of_others() -> None:
    summary = SAID.model_copy(update={"origin": "summary"})
    assert judge_trust([summary], "my cat is called Tom") == "untrusted"
    assert judge_trust([summary], "Ada's cat is called Eve.") == "untrusted"
    assert judge_trust([summary, SAID], "my cat is called Tom") == "said"


@pytest.mark.parametrize(
    ("taint", "trust"), [(None, "inferred"), ("others", "untrusted"), ("untrusted", "untrusted")]
)
def test_words_of_a_calling_agent_are_as_trusted_as_what_it_had_read(
    taint: str | None, trust: str
) -> None:
    asked = SAID.model_copy(update={"origin": "caller", "taint": taint})
    assert judge_trust([asked], "my cat is called Tom") == trust
    shown = build_request("openai/gpt-5", [], [asked]).messages[0].text
    assert ("my cat" in shown) is (taint is None)
    assert "person" not in shown


def test_words_of_the_person_end_nothing_that_others_chose() -> None:
    assert judge_ending([SAID], "my cat is called Tom") == "said"
    assert judge_ending([SAID], "Ada's cat is called Tom.") == "inferred"
    assert judge_trust([SAID, PAGE], "my cat is called Tom") == "said"
    assert judge_ending([SAID, PAGE], "my cat is called Tom") == "untrusted"


def test_what_holds_content_of_others() -> None:
    attached = Message(role="user", parts=(FileRef(artifact="a", name="letter.txt"),))
    assert has_read_others([SAID, REPLY, OWN]) is False
    assert has_read_others([SAID, PAGE, REPLY]) is True
    assert has_read_others([attached]) is True


def test_untrusted_memories_pass_their_trust_on() -> None:
    for trust, taints in (("untrusted", True), ("inferred", False)):
        origin = Origin(source="tool", trust=trust, made=0.0)  # pyright: ignore[reportArgumentType]
        text = render_memories([Memory(id="mem_1", seq=1, lane="owner", text="X.", origin=origin)])
        begun = user_message(text, origin="memories")
        found = tool_results((ToolResult(call="1", name="recall", content=text),))
        assert has_read_others([begun]) is taints
        assert has_read_others([found]) is taints


def test_extraction_shows_a_tainted_conversation_without_replies() -> None:
    clean = build_request("openai/gpt-5", [], [SAID, REPLY]).messages[0].text
    tainted = build_request("openai/gpt-5", [PAGE], [SAID, REPLY]).messages[0].text
    assert "nice name" in clean
    assert "nice name" not in tainted
    assert "Eve" not in tainted
    assert "my cat" in tainted


@pytest.mark.parametrize("answer", ["", "none", "[]", '{"facts": 3}', '{"facts": [{"fact": ""}]}'])
def test_answers_that_are_no_facts_are_refused(answer: str) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        read_facts(answer, [SAID])


def test_facts_of_messages_that_do_not_exist_are_left_out() -> None:
    answer = """```json
    {"facts": [{"fact": "A.", "message": 0, "replaces": "all"}, {"fact": "B.", "message": 7}]}
    ```"""
    assert [(each.fact, each.replaces) for each in read_facts(answer, [SAID])] == [("A.", None)]


def test_words_have_no_endings_and_rare_ones_tell_more() -> None:
    assert split_words("The painter PAINTED paintings") == ["painter", "paint", "painting"]
    weights = weigh_terms(["rex", "dog", "new"], {"rex": 1, "dog": 50}, 100)
    assert list(weights) == ["rex", "dog"]
    assert weights["rex"] > weights["dog"]
    assert choose_terms(weights, {"rex": 1, "dog": 5_000}) == ["rex"]
    assert choose_terms({"dog": 0.1}, {"dog": 5_000}) == ["dog"]


def test_long_texts_are_bounded() -> None:
    assert len(split_words(" ".join(f"w{n}" for n in range(100_000)))) == 400


def test_the_best_of_one_list_comes_before_the_last_of_both() -> None:
    """The sum of reciprocal ranks had the 50th of both lists before the first of one."""
    assert fuse_scores(1.0, 0.2) > fuse_scores(0.2, 0.3)
    assert fuse_scores(0.0, 0.9) > fuse_scores(0.2, 0.3)
    assert fuse_scores(0.7, None) == 0.7
    assert fuse_scores(0.0, -1.0) == 0.0


def test_use_and_recency_do_not_outweigh_relevance() -> None:
    used = Origin(source="tool", trust="said", made=1.0)
    assert weigh_memory(0.5, used, 10**6, 1.0, 30.0) < weigh_memory(0.7, used, 0, 10**9, 30.0)
