from hypothesis import given, settings
from hypothesis import strategies as st

from harness.contracts.message import Message, user_message
from harness.contracts.transcript import Node, digest
from harness.store.transcripts.cache import Lines

# A tree: the parent of each node (by place, or none), and how many messages it adds.
trees = st.lists(st.tuples(st.integers(-1, 30), st.integers(0, 3)), min_size=1, max_size=30)


def build(lines: Lines, tree: list[tuple[int, int]]) -> list[tuple[str, list[Message], bool]]:
    """What was added: head, whole conversation, and whether the parent was in memory."""
    added: list[tuple[str, list[Message], bool]] = []
    for number, (above, count) in enumerate(tree):
        parent, before = (None, []) if above < 0 or above >= number else added[above][:2]
        messages = tuple(user_message(f"{number}.{n}") for n in range(count))
        node = Node(parent=parent, messages=messages)
        head = digest(node.wire() + str(number).encode())
        known = lines.add(head, node, 100)
        assert lines.get_node(head) == (node if known else None)
        added.append((head, [*before, *messages], known))
    return added


@settings(deadline=None)
@given(trees)
def test_every_head_has_its_own_conversation(tree: list[tuple[int, int]]) -> None:
    lines = Lines(10**9)
    for head, conversation, known in build(lines, tree):
        assert known
        assert lines.get_messages(head) == conversation


@settings(deadline=None)
@given(trees, st.integers(1_000, 20_000))
def test_what_is_forgotten_is_forgotten_whole(tree: list[tuple[int, int]], limit: int) -> None:
    lines = Lines(limit)
    for head, conversation, _ in build(lines, tree):
        assert lines.get_messages(head) in (None, conversation)
        assert (head in lines) == (lines.get_messages(head) is not None)
        assert head in lines or lines.get_parent(head) is None
    assert lines.size <= max(limit, max(line.size for line in lines._lines))
    assert lines.size == sum(line.size for line in lines._lines)


def test_the_caller_may_change_what_it_got() -> None:
    lines = Lines(10**9)
    lines.add("a", Node(messages=(user_message("1"),)), 1)
    got = lines.get_messages("a")
    assert got
    got.append(user_message("mine"))
    lines.add("b", Node(parent="a", messages=(user_message("2"),)), 1)
    assert [m.text for m in lines.get_messages("b") or []] == ["1", "2"]


def test_the_conversation_not_used_for_longest_goes_first() -> None:
    lines = Lines(2_500)
    lines.add("a", Node(messages=(user_message("1"),)), 0)
    lines.add("b", Node(messages=(user_message("2"),)), 0)
    assert lines.get_messages("a")
    lines.add("c", Node(messages=(user_message("3"),)), 0)
    assert ["a" in lines, "b" in lines, "c" in lines] == [True, False, True]
