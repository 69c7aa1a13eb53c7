"""Every change in sealed content or in the chain of seals is found and named."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contracts.errors import HarnessError
from harness.contracts.seal import ENTRY_VERSION, START, SealedExecution, SealEntry
from harness.journal import seal
from harness.journal.seal import (
    Chain,
    Content,
    RawExecution,
    commit_content,
    damage_of,
    hash_of,
    last_of,
    pack_content,
    read_entry,
    unpack_content,
)

KEY = bytes(range(32))
EVENTS = st.lists(st.binary(max_size=40), min_size=1, max_size=6).map(tuple)


def content_of(many: list[tuple[bytes, ...]], telemetry: tuple[bytes, ...]) -> Content:
    raw = tuple(RawExecution(f"e{n}", each) for n, each in enumerate(many))
    return Content("r", raw, telemetry)


CONTENTS = st.builds(
    content_of,
    st.lists(EVENTS, min_size=1, max_size=3),
    st.lists(st.binary(max_size=20), max_size=2).map(tuple),
)


def entry_of(content: Content, key: bytes = KEY) -> SealEntry:
    return SealEntry(
        seq=1, prev=START, kind="sealed", run=content.run, namespace="default", at=1.0, by="ann",
        harness="1", projector=1, workflow="AgentRun",
        executions=tuple(
            SealedExecution(
                run_id=each.run_id, events=len(each.events), last=last_of(key, content.run, each)
            )
            for each in content.executions
        ),
        content=commit_content(key, pack_content(content, key)),
    )  # fmt: skip


@given(CONTENTS)
def test_content_comes_back_as_it_was(content: Content) -> None:
    data = pack_content(content, KEY)
    assert unpack_content(data) == content
    assert damage_of(data, KEY, entry_of(content)) is None


@given(st.data())
def test_a_changed_event_is_named(data: st.DataObject) -> None:
    """The content is packed anew around it, as somebody would who knows the format and the key."""
    content = data.draw(CONTENTS)
    place = data.draw(st.integers(0, len(content.executions) - 1))
    before = content.executions[place]
    at = data.draw(st.integers(0, len(before.events) - 1))
    kind = data.draw(st.sampled_from(["change", "remove", "insert", "swap"]))
    events = list(before.events)
    match kind:
        case "change":
            events[at] += b"!"
        case "remove":
            del events[at]
        case "insert":
            events.insert(at, b"new" * 20)
        case _:
            events[0], events[at] = events[at], events[0]
    after = replace(before, events=tuple(events))
    executions = list(content.executions)
    executions[place] = after
    changed = replace(content, executions=tuple(executions))
    damage = damage_of(pack_content(changed, KEY), KEY, entry_of(content))
    if after == before:
        assert damage is None
        return
    assert damage is not None
    assert damage.run_id == before.run_id


@given(st.data())
def test_a_flipped_byte_is_found_and_the_event_named(data: st.DataObject) -> None:
    content = data.draw(CONTENTS)
    packed = bytearray(pack_content(content, KEY))
    at = data.draw(st.integers(0, len(packed) - 1))
    packed[at] ^= data.draw(st.integers(1, 255))
    assert damage_of(bytes(packed), KEY, entry_of(content)) is not None


@given(CONTENTS, st.data())
def test_which_event_was_changed_where_its_marks_are_left(
    content: Content, data: st.DataObject
) -> None:
    """The bytes of one event are others, the marks are those that were sealed."""
    place = data.draw(st.integers(0, len(content.executions) - 1))
    before = content.executions[place]
    at = data.draw(st.integers(0, len(before.events) - 1))
    events = [*before.events[:at], before.events[at] + b"!", *before.events[at + 1 :]]
    executions = list(content.executions)
    executions[place] = replace(before, events=tuple(events))
    good, bad = (
        pack_content(content, KEY),
        pack_content(replace(content, executions=tuple(executions)), KEY),
    )
    marks = sum(len(each.events) for each in content.executions) * 8
    head = good.index(b"}") + 1  # the header is JSON without braces inside
    mixed = bad[:head] + good[head : head + marks] + bad[head + marks :]
    damage = damage_of(mixed, KEY, entry_of(content))
    assert damage is not None
    assert (damage.run_id, damage.event) == (before.run_id, at + 1)


@given(st.binary(max_size=200))
def test_a_file_that_is_not_a_seal_is_refused(data: bytes) -> None:
    with pytest.raises(HarnessError) as caught:
        unpack_content(data)
    assert caught.value.code == "store.corrupt"


def test_content_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = content_of([(b"\0" * 200_000,)], ())
    data = pack_content(content, KEY)
    assert len(data) < 2_000
    assert unpack_content(data) == content
    monkeypatch.setattr(seal, "UNPACKED_BYTES", 100_000)
    with pytest.raises(HarnessError, match="unpacks to over 100,000 bytes"):
        unpack_content(data)
    damage = damage_of(data + b"\0", KEY, entry_of(content))
    assert damage is not None


# --- the chain

Row = tuple[int, str, bytes]


def chain(count: int) -> list[Row]:
    rows: list[Row] = []
    prev = START
    for seq in range(1, count + 1):
        entry = SealEntry(
            seq=seq, prev=prev, kind="sealed", run=f"r{seq}", namespace="default", at=1.0, by="ann",
            harness="1", projector=1,
        ).wire()  # fmt: skip
        prev = hash_of(entry)
        rows.append((seq, prev, entry))
    return rows


def problems(rows: list[Row]) -> list[str]:
    follow = Chain()
    return [what for row in rows for what in follow.check_next(*row)]


def test_a_whole_chain_has_none() -> None:
    assert problems(chain(5)) == []
    assert problems([]) == []


@given(st.data())
def test_every_change_of_the_chain_is_found(data: st.DataObject) -> None:
    rows = chain(data.draw(st.integers(2, 6)))
    at = data.draw(st.integers(0, len(rows) - 2))
    kind = data.draw(st.sampled_from(["remove", "entry", "rehashed", "insert", "swap", "copy"]))
    seq, hash, entry = rows[at]
    forged = entry.replace(b'"by":"ann"', b'"by":"bob"')
    match kind:
        case "remove":
            del rows[at]
        case "entry":
            rows[at] = (seq, hash, forged)
        case "rehashed":
            rows[at] = (seq, hash_of(forged), forged)
        case "insert":
            rows.insert(at, (seq, hash_of(forged), forged))
        case "swap":
            other = rows[at + 1]
            rows[at], rows[at + 1] = (seq, *other[1:]), (other[0], hash, entry)
        case _:
            rows.insert(at, (seq, hash, entry))
    assert problems(rows)


@given(st.integers(1, 5))
def test_only_the_head_tells_that_the_end_was_cut_off(kept: int) -> None:
    rows = chain(6)
    assert problems(rows[:kept]) == []
    assert rows[kept - 1][1] != rows[-1][1]


def test_an_entry_of_a_newer_version_chains_and_is_not_read() -> None:
    [(_, _, entry), *_] = chain(1)
    newer = entry.replace(b'"version":%d' % ENTRY_VERSION, b'"version":%d' % (ENTRY_VERSION + 1))
    assert Chain().check_next(1, hash_of(newer), newer) == []
    with pytest.raises(HarnessError) as caught:
        read_entry(newer)
    assert caught.value.code == "run.too_new"
    with pytest.raises(HarnessError) as caught:
        read_entry(b"{}")
    assert caught.value.code == "store.bad_chain"


def test_a_chain_whose_keys_are_gone_reveals_no_content() -> None:
    one = entry_of(Content("r", (RawExecution("e", (b"secret",)),)), KEY)
    other = entry_of(Content("r", (RawExecution("e", (b"secret",)),)), bytes(32))
    assert one.content != other.content
    assert one.executions != other.executions
