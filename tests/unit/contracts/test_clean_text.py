"""What a model, a tool or a file says reaches a reader as it is, and nothing in it acts."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from harness.contracts.clean_text import (
    clean_html,
    clean_line,
    clean_markdown,
    clean_text,
    clip_text,
    code_markdown,
    quote_markdown,
)

ARABIC_SIGNS = {
    *range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2,
}  # fmt: skip
"""Format characters that are drawn."""
IN_EMOJI = {0x200D}
SHOWN = (*range(0x1_0000), *range(0xE_0000, 0xE_1000))

HOSTILE = {
    "colour": ("\x1b[31mred\x1b[0m", "<U+001B>[31mred<U+001B>[0m"),
    "title of the window": ("\x1b]0;owned\x07", "<U+001B>]0;owned<U+0007>"),
    "C1 control sequence": ("\x9b2J", "<U+009B>2J"),
    "overwritten line": ("rm -rf /\rls", "rm -rf /<U+000D>ls"),
    "backspaces": ("rm\b\bls", "rm<U+0008><U+0008>ls"),
    "delete": ("a\x7f", "a<U+007F>"),
    "right to left": ("ok \u202egnp.exe", "ok <U+202E>gnp.exe"),
    "isolate": ("a\u2066b\u2069", "a<U+2066>b<U+2069>"),
    "direction marks": ("a\u200e\u200f\u061cb", "a<U+200E><U+200F><U+061C>b"),
    "zero-width": ("a\u200b\u2060\ufeffb", "a<U+200B><U+2060><U+FEFF>b"),
    "joiner in a word": ("pay\u200dpal", "pay<U+200D>pal"),
    "selector in a word": ("a\ufe0fb\ufe01", "a<U+FE0F>b<U+FE01>"),
    "soft hyphen": ("pass\u00adword", "pass<U+00AD>word"),
    "separators": ("a\u2028b\u2029c\x85d", "a<U+2028>b<U+2029>c<U+0085>d"),
    "blank letters": ("a\u3164\u2800", "a<U+3164><U+2800>"),
    "tags": ("hi\U000e0041\U000e0100", "hi<U+E0041><U+E0100>"),
    "half a character": ("a\ud800b\udfff", "a<U+D800>b<U+DFFF>"),
    "nul": ("a\x00b", "a<U+0000>b"),
}
PLAIN = (
    *("", "plain", "naïve façade", "日本語　の", "عربي", "עברית", "a\u00a0b", "<U+202E>"),
    *("❤️ 1️⃣ ✔️", "👩\u200d👩\u200d👧", "🏳️\u200d🌈", "👍🏽"),
)


@pytest.mark.parametrize(("text", "shown"), HOSTILE.values(), ids=HOSTILE)
def test_what_cannot_be_seen_is_marked(text: str, shown: str) -> None:
    assert clean_text(text) == shown
    assert clean_line(text) == shown.replace("<U+000D>", "\\r")
    assert clean_text(text).encode()


@pytest.mark.parametrize("text", PLAIN)
def test_what_can_be_seen_stays(text: str) -> None:
    assert clean_text(text) == text
    assert clean_line(text) == text


def test_no_control_and_no_format_character_gets_through() -> None:
    kinds = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    passed = {ord(char) for char in clean_line("".join(map(chr, SHOWN)))}
    unseen = {code for code in passed if unicodedata.category(chr(code)) in kinds}
    assert unseen <= ARABIC_SIGNS | IN_EMOJI


def test_lines() -> None:
    assert clean_text("one\r\ntwo\n\tthree") == "one\ntwo\n\tthree"
    assert clean_line("one\r\ntwo\n\tthree") == "one\\r\\ntwo\\n\\tthree"


def test_markdown_and_html_stay_text() -> None:
    assert clean_markdown("a | **b**\n`c` [d](e) <i>\u202e") == (
        r"a \| \*\*b\*\*\\n\`c\` \[d\](e) \<i\>\<U+202E\>"
    )
    assert clean_html("<b title='x'>\u202e\n") == ("&lt;b title=&#x27;x&#x27;&gt;&lt;U+202E&gt;\n")


def test_what_is_left_out_is_counted() -> None:
    assert clip_text("abc", 3) == "abc"
    assert clip_text("x" * 1_234, 4) == "xxxx… (1,230 more characters)"


def rendered(markdown: str) -> str:
    """What a page shows that allows HTML in Markdown."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return tokens.render(markdown)


@given(st.text(alphabet=st.sampled_from('ab `*_<>/=\\-#|[]()!&;~$.1:"\n\t'), max_size=60))
@example("Hello\n\n<style>p{display:none}</style>\n\n<p>Agent <b>reporting</b></p>")
@example("[x](/sign-in?code=1)\n===\n```\n</blockquote>\n    code\n1. one\n- two")
def test_a_quoted_text_is_text_alone(text: str) -> None:
    found = re.findall(r"</?([a-z0-9]+)", rendered(quote_markdown(text)))
    assert set(found) <= {
        "blockquote",
        "p",
        "br",
        "ol",
        "ul",
        "li",
        "pre",
        "code",
        "hr",
        "h1",
        "h2",
    }
    assert found.count("blockquote") == 2
    shown = rendered(f"{code_markdown(text.replace(chr(10), ' '))}.")
    assert not {"a", "img", "style", "b", "strong"} & set(re.findall(r"</?([a-z0-9]+)", shown))
