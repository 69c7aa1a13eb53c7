"""What a chat draws costs little, whatever a model says: no key waits for it.

The budget of CPU time of this layer holds for each of these texts.
"""

from __future__ import annotations

import io
import re
from collections import deque
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.terminal.chat.blocks import Block, BlockSplitter
from harness.terminal.chat.bounds import LANGUAGES, MOST_CHARACTERS, MOST_LINES, is_costly
from harness.terminal.chat.markdown import draw_block, print_blocks
from harness.terminal.chat.screen import Draw, take_printed
from harness.terminal.view.console import make_console

REPO = Path(__file__).parents[3]

TABLE = "|a" * 320 + "\n" + "|-" * 320 + "\n" + "|\n" * 196
COSTLY = {
    "a wide table": TABLE,
    "a table in a quote": "".join(f"> {line}\n" for line in TABLE.splitlines()),
    "a table in a list": "- " + "\n  ".join(TABLE.splitlines()),
    "a long table": "|a|b|c|d|e|\n|-|-|-|-|-|\n" + "|1\n" * 95,
    "brackets": "[" * 15_900,
    "images": "![" * 7_950,
    "emphasis": "*_" * 7_950,
    "links": "[a](" * 4_000,
    "controls": "\x1b" * 15_900,
    "code in items": "- a\n  ```python\n  x\n  ```\n" * 25,
    "strings without an end": '```js\n"' + 'a\\"' * 5_000,
    "words without an end": "```c\n" + "_" * 790 + " " * 1_700 + "x",
}
CHEAP = {
    "a paragraph": "word " * 3_000,
    "a word": "x" * 15_900,
    "ideographs": "中" * 15_900,
    "formatted words": ("some more words **b** `c` and then [x](http://y) " * 3 + "\n") * 190,
    "a list": "- a\n" * 199,
    "quotes": ("> " * 30 + "a\n") * 199,
    "a table": "|a|b|c|d|\n|-|-|-|-|\n" + "|1|2|3|4|\n" * 90,
    "an unknown language": "```autohotkey\n" + "\n " * 4_000 + "x",
    "words in an item": "- ```c\n  " + "{a" * 900 + "\n  ```",
    "a fence without an end": "```" + " " * 5_000 + "`",
}


def split(text: str) -> list[Block]:
    splitter = BlockSplitter()
    return [*splitter.feed(text), *splitter.finish()]


def draw(*blocks: Block, plain: bool = False) -> str:
    out = io.StringIO()
    print_blocks(make_console(out, width=80, terminal=True), blocks, first=True, plain=plain)
    return re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())


def pack(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.fixture(autouse=True, scope="module")
def _loaded() -> None:
    """Parts of the parser and of lexers are made when they are first used."""
    draw(*(Block("code", "x = 1", name) for name in ("python", "js", "c")))
    draw(Block("text", "- a\n  ```python\n  x\n  ```\n\n|a|\n|-|\n"))


@pytest.mark.parametrize("text", COSTLY.values(), ids=COSTLY)
def test_what_is_costly_is_shown_as_it_was_written(text: str) -> None:
    block = split(text)[0]
    drawn = draw(block)
    assert drawn == draw(block, plain=True)
    assert "x1b" in repr(text) or pack(drawn) == pack(block.text)


@pytest.mark.parametrize("text", CHEAP.values(), ids=CHEAP)
def test_what_is_drawn_is_cheap(text: str) -> None:
    block = split(text)[0]
    assert not is_costly(block.kind, block.text)
    assert draw(block)


@pytest.mark.parametrize("text", [*COSTLY.values(), *CHEAP.values()], ids=[*COSTLY, *CHEAP])
def test_blocks_are_small(text: str) -> None:
    for whole in (text, f"{text}\nafter"):
        for block in split(whole):
            assert len(block.text) <= MOST_CHARACTERS[block.kind]
            assert block.text.count("\n") <= MOST_LINES


def test_what_people_read_is_drawn() -> None:
    """Of this repository: no page and no code is too costly."""
    pages = [REPO / "README.md", *sorted((REPO / "docs" / "how-to").glob("*.md"))[:20]]
    blocks = [block for page in pages for block in split(page.read_text(encoding="utf-8"))]
    code = Path(draw_block.__code__.co_filename).read_text(encoding="utf-8")
    blocks += split(f"```python\n{code}\n```")
    costly = [block.text for block in blocks if is_costly(block.kind, block.text)]
    assert not costly, costly[0]
    assert {block.language for block in blocks} >= {"python", "sh"}
    assert {"python", "sh"} <= LANGUAGES


def test_a_long_stream_costs_its_length() -> None:
    """A megabyte in one line of code: what may be drawn again stays small."""
    splitter, size, drawn, widest = BlockSplitter(), 1_000_000, 0, 0
    splitter.feed("```python\n")
    for _ in range(size // 200):
        drawn += sum(len(block.text) for block in splitter.feed("x = 'a'; " * 22 + "  "))
        widest = max(widest, len(splitter.open.text) if splitter.open else 0)
    drawn += sum(len(block.text) for block in splitter.finish())
    assert widest <= MOST_CHARACTERS["code"]
    assert 0 <= size - drawn < size / 100


WORDS = (
    "word " * 900, "x" * 6_000, "y" * (MOST_CHARACTERS["text"] - 1), "z" * MOST_CHARACTERS["code"],
    "\r", "\n", "\n\n", "- a\n", "  b\n" * 60, "```\n",
)  # fmt: skip


@settings(max_examples=30)
@given(st.data())
def test_any_split_of_long_lines_gives_the_same_blocks(data: st.DataObject) -> None:
    text = "".join(data.draw(st.lists(st.sampled_from(WORDS), max_size=8)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    splitter = BlockSplitter()
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    found = [block for piece in pieces for block in splitter.feed(piece)]
    assert [*found, *splitter.finish()] == split(text)


def test_a_long_line_is_cut_between_words() -> None:
    blocks = split("word " * 2_000)
    assert {word for block in blocks for word in block.text.split()} == {"word"}


def test_a_long_list_is_cut_between_its_items() -> None:
    item = "{}. an item\n" + "    - something in it, which is code without it\n" * 6
    blocks = split("".join(item.format(number) for number in range(1, 60)))
    assert len(blocks) > 2
    assert all(re.match(r"\d+\. an item", block.text) for block in blocks)


def test_the_rest_of_a_table_keeps_its_rows() -> None:
    *_, rest = split("|a|b|\n|-|-|\n" + "".join(f"|{n}|x|\n" for n in range(150)))
    assert rest.continues
    assert "|149|x|" in draw(rest).split("\n")


def test_keys_are_read_between_drawings() -> None:
    """One drawing at a time when each takes long; all, and quickly, when the chat ends."""

    def drawing(name: str) -> Draw:
        return lambda hurried: name.upper() if hurried else name

    texts = deque[str | Draw]([drawing("a"), "b", drawing("c"), drawing("d")])
    assert take_printed(texts, -1) == "a"
    assert take_printed(texts, 60) == "bcd"
    texts.extend([drawing("a"), "b", drawing("c")])
    assert take_printed(texts, -1, whole=True) == "abC"
    assert not texts
