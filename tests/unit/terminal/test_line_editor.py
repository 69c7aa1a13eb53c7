"""The line editor: what each key does, and which part of the line is visible."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from harness.terminal.input.decide import editable_json
from harness.terminal.input.line_editor import KEY, Line

KEYS = ("\x7f", "\x1b[D", "\x1b[C", "\x1b[H", "\x1b[F", "\x15", "\x0b", "\x17", "\x1b[A", "\x1b[3~")


def press_keys(text: str, *keys: str) -> Line:
    line = Line(text, ["one", "two"])
    for key in keys:
        line.press_key(key)
    return line


def test_keys() -> None:
    assert press_keys("abc", "d").text == "abcd"
    assert press_keys("abc", "\x7f").text == "ab"
    assert press_keys("abc", "\x1b[D", "\x1b[D", "x").text == "axbc"
    assert press_keys("abc", "\x01", "\x1b[3~", "\x05", "!").text == "bc!"
    assert press_keys("one two", "\x17").text == "one"
    assert press_keys("abc", "\x02", "\x0b").text == "ab"
    assert press_keys("abc", "\x02", "\x15").text == "c"
    assert press_keys("abc", "\x1b[Z", "\x07").text == "abc"


def test_earlier_lines_are_recalled() -> None:
    assert press_keys("now", "\x1b[A").text == "two"
    assert press_keys("now", "\x1b[A", "\x1b[A", "\x1b[A").text == "one"
    assert press_keys("now", "\x1b[A", "\x1b[B").text == "now"


def test_key_sequences() -> None:
    assert KEY.fullmatch("\x1b[1;5C")
    assert KEY.fullmatch("é")
    assert not KEY.fullmatch("\x1b")
    assert not KEY.fullmatch("\x1b[3")


@given(
    st.text(max_size=60),
    st.lists(st.sampled_from(KEYS) | st.characters(), max_size=12),
    st.integers(10, 40),
)
def test_the_cursor_stays_in_the_line_and_the_line_on_the_screen(
    text: str, keys: list[str], room: int
) -> None:
    line = press_keys(text, *keys)
    assert 0 <= line.at <= len(line.text)
    shown, column = line.visible_part(room)
    assert "\n" not in shown
    assert cell_len(shown) <= room
    assert 0 <= column <= room


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=3))
def test_arguments_to_edit_are_unchanged_and_printable(value: dict[str, str]) -> None:
    text = editable_json(value)
    assert json.loads(text) == value
    assert "\u202e" not in text
    assert "\n" not in text
