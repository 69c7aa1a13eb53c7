"""Markdown in pieces: they make no difference, and nothing steers the terminal."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.terminal.chat.blocks import Block, BlockSplitter
from harness.terminal.chat.bounds import MOST_CHARACTERS, MOST_LINES
from harness.terminal.chat.markdown import print_blocks
from harness.terminal.view.console import make_console

MOST = max(MOST_CHARACTERS.values())
LINES = (
    "# A title", "plain words", "**bold** and `code`", "- one", "- two", "  - nested", "1. first",
    "2. second", "```python", "```", "~~~", "    indented", "> quoted", "| a | b |", "|---|---|",
    "| 1 | 2 |", "---", "", "", "\tx = 1", "[a](http://b)", "<b>html</b>", "\x1b[31mred", "中文 字",
)  # fmt: skip


def split(*pieces: str) -> list[Block]:
    splitter = BlockSplitter()
    return [block for piece in pieces for block in splitter.feed(piece)] + splitter.finish()


def draw(blocks: list[Block], width: int = 40) -> str:
    out = io.StringIO()
    print_blocks(make_console(out, width=width, terminal=True), blocks, first=True)
    return out.getvalue()


@given(st.data())
def test_any_split_of_the_stream_gives_the_same_blocks(data: st.DataObject) -> None:
    text = "\n".join(data.draw(st.lists(st.sampled_from(LINES), max_size=30)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert split(*pieces) == split(text)


@given(st.lists(st.sampled_from(LINES), max_size=20))
def test_what_is_open_becomes_what_is_printed(lines: list[str]) -> None:
    """A block is printed as it was last drawn while it was open, or grew by a line."""
    splitter, seen = BlockSplitter(), list[str]()
    for line in lines:
        for block in splitter.feed(f"{line}\n"):
            assert block.text.startswith(tuple(seen[-1:])) or not seen
            seen.clear()
        if splitter.open is not None:
            seen.append(splitter.open.text.rstrip())
        else:
            seen.clear()


def test_blocks() -> None:
    text = (
        "# Title\nwords\nmore\n\n1. a\n\n2. b\n   - c\n\nend\n```python\nx = 1\n\ny = 2\n```\nlast"
    )
    assert [(each.kind, each.text) for each in split(text)] == [
        ("text", "# Title"), ("text", "words\nmore"), ("text", "1. a\n\n2. b\n   - c"),
        ("text", "end"), ("code", "x = 1\n\ny = 2"), ("text", "last"),
    ]  # fmt: skip
    assert split("a\r\n\r\nb") == split("a\n\nb")


def test_a_fence_ends_with_one_like_it() -> None:
    assert [each.text for each in split("````\n```\n~~~~\n````\nafter")] == ["```\n~~~~", "after"]
    assert [each.kind for each in split("```\nnever closed")] == ["code"]


@pytest.mark.parametrize(
    "text",
    ["x" * 3 * MOST, "line\n" * 3 * MOST_LINES, "```\n" + "code\n" * 3 * MOST_LINES],
)
def test_an_endless_block_is_cut_and_nothing_is_lost(text: str) -> None:
    blocks = split(text)
    assert len(blocks) > 2
    assert all(len(each.text) <= MOST for each in blocks)
    assert not blocks[0].continues
    assert all(each.continues for each in blocks[1:])
    kept = "".join(each.text.replace("\n", "") for each in blocks)
    assert kept == text.removeprefix("```\n").replace("\n", "")
    assert split(*text.splitlines(keepends=True)) == blocks


def test_screen_text() -> None:
    shown = draw(
        split("# Title\n\nA **bold** [word](http://b)\n- one\n\n```python\nx = 1\n```\nend")
    )
    plain = make_plain(shown)
    assert plain.split("\n") == [
        "Title", "", "A bold word (http://b)", "", " • one", "", "  x = 1", "", "end", "",
    ]  # fmt: skip


def test_what_a_model_says_cannot_steer_the_terminal() -> None:
    evil = (
        "\x1b]52;c;aGk=\x07 \x1b]8;;http://evil\x07good\x1b]8;;\x07 \x9b2J \u202e txt\r"
        '\n```\x1b[2J\n\x1b[31mcode\u2066\n```\n[good](http://evil "\x1b")'
    )
    shown = draw(split(evil))
    plain = make_plain(shown)
    assert "\x1b" not in plain
    for bad in ("\x9b", "\x07", "\u202e", "\u2066", "\r", "\x1b]"):
        assert bad not in shown
    assert "<U+001B>" in plain
    assert "<U+202E>" in plain


def make_plain(shown: str) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", shown)


@pytest.mark.parametrize("width", [20, 40, 80])
@pytest.mark.parametrize(
    "text",
    [
        "> " * 500 + "word1",
        "".join(f"{'  ' * depth}- word{depth}\n" for depth in range(60)),
        "".join(f"{'   ' * depth}1. word{depth}\n" for depth in range(8)),
        "| word1 | word2 |\n|---|---|\n| " + "x" * 200 + "word3 | word4 |",
        "|" + "|".join(f"word{n}" for n in range(300)) + "|\n|" + "---|" * 300,
        "a <word1> of <b>word2</b>\n\n<div>\nword3\n</div>",
        "[word1][1] and ![word2](http://word3)\n\n[1]: http://word4 'word5'",
        "*" * 800 + "word1" + "_" * 800 + "[" * 800 + "word2",
        "word1" + "y" * 6_000 + "word2",
    ],
)
def test_no_word_is_lost(text: str, width: int) -> None:
    shown = re.sub(r"\x1b\[[0-9;]*m|\s|[│┃|]", "", draw(split(text), width))
    lost = [word for word in re.findall(r"word\d+", text) if word not in shown]
    assert not lost, shown[:2_000]
