"""What is removed from answers."""

from __future__ import annotations

import pytest

from harness.gates.answers import clean_answer

KNOWN = "https://shop.example/?order=12"


def clean(text: str) -> str:
    return clean_answer(text, lambda url: url == KNOWN)[0]


@pytest.mark.parametrize(
    "text",
    [
        "A [page](https://docs.example/re.html).",
        f"Your [order]({KNOWN}).",
        "`a < b` and 3 // 2",
        "Zwölf Grüße 👩\u200d👧 ok",
        "1. one\n\t- two",
    ],
)
def test_ordinary_answers_stay(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x1b[31mb\x1b]0;title\x07c", "abc"),
        ("a\u202eb\u200bc\U000e0041", "abc"),
        ("![x](https://bad.example/p.png)", "[image of bad.example removed: x]"),
        ("[x](https://bad.example/?q=key)", "x [link to bad.example removed]"),
        ("see https://bad.example/?q=key.", "see [link to bad.example removed]"),
        ("[a]: https://bad.example/?q=key", "[a]: [link to bad.example removed]"),
        ('<img src="https://bad.example/?q=1">', "[HTML removed]"),
        (f"https://bad.example/{'k' * 80}", "[link to bad.example removed]"),
        (f"https://{'k' * 40}.bad.example/", f"[link to {'k' * 40}.bad.example removed]"),
    ],
)
def test_what_does_harm_is_removed(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_hostile_answers_take_linear_time() -> None:
    for text in (
        "[" * 20_000,
        "![a](" * 4_000,
        "<img " * 4_000,
        "\x1b]" * 10_000,
        "https://" * 4_000,
    ):
        clean(text)
