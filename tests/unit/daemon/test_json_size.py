"""The count of values in JSON that arrives in blocks: an upper bound, wherever the blocks end."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from harness_daemon.json_size import JsonSize

MOST = 1_000_000
texts = st.text(alphabet=st.sampled_from('a"\\,:[]{}\n é'), max_size=8)
values = st.recursive(
    texts | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=20,
)


def keys_of(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(keys_of, value.values()))
    return sum(map(keys_of, value)) if isinstance(value, list) else 0


def values_of(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(values_of, value.values()))
    return 1 + (sum(map(values_of, value)) if isinstance(value, list) else 0)


def size_of(body: bytes, step: int) -> JsonSize:
    size = JsonSize()
    for start in range(0, len(body), step):
        size.add(body[start : start + step], MOST)
    return size


@given(values, st.integers(1, 9), st.booleans())
def test_no_key_or_value_is_missed(value: Any, step: int, ascii: bool) -> None:
    body = json.dumps([value], ensure_ascii=ascii).encode()
    size = size_of(body, step)
    assert size.keys == keys_of(value)
    assert values_of([value]) <= size.values + 1
    assert size.values == size_of(body, len(body)).values


def test_prose_has_one_value() -> None:
    body = json.dumps({"prompt": 'He said: "a, b, [c], {d}" \\'}).encode()
    assert (size_of(body, 5).keys, size_of(body, 5).values) == (1, 3)


def test_it_stops_early() -> None:
    size = JsonSize()
    size.add(b'""' * 1000, 10)
    assert size.values == 11
