"""Draw blocks of Markdown with rich: highlighted code, no links that hide where they lead."""

from __future__ import annotations

from collections.abc import Iterable

from markdown_it import MarkdownIt
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, TableElement
from rich.padding import Padding
from rich.segment import Segment
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from harness.contracts.clean_text import clean_text
from harness.terminal.chat.blocks import Block
from harness.terminal.chat.bounds import LANGUAGES, is_costly
from harness.terminal.view.console import print_indented

CODE_THEME = "ansi_dark"
"""The terminal's own colours, which people have chosen to be readable."""
INDENT = 2

PARSER = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])
PARSER.disable(["reference", "image"])
"""HTML, images and what defines a link are shown as they are written; rich would drop them."""
DEEPEST = 10
"""Levels of nesting, two for each list; from 20 on, the parser drops text."""
LEAST_COLUMN = 8


class _LeftHeading(Heading):
    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterable[RenderableType]:
        self.text.justify = "left"
        yield self.text


class _FoldedTable(TableElement):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for table in super().__rich_console__(console, options):
            for column in table.columns if isinstance(table, Table) else ():
                column.overflow = "fold"  # not cut
            yield table


class _Code(CodeBlock):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield _draw_code(str(self.text).rstrip(), self.lexer_name, padding=1)


class _Markdown(Markdown):
    """Markdown of which no word is lost: what is nested too deeply for the parser or too wide for
    the terminal is shown as it was written."""

    elements = {
        **Markdown.elements, "heading_open": _LeftHeading, "table_open": _FoldedTable,
        "fence": _Code, "code_block": _Code,
    }  # fmt: skip

    def __init__(self, text: str) -> None:
        super().__init__("", code_theme=CODE_THEME, hyperlinks=False)
        self.markup, self.parsed = text, PARSER.parse(text)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self._fits(options.max_width):
            yield from super().__rich_console__(console, options)
        else:
            yield Text(self.markup, overflow="fold")

    def _fits(self, width: int) -> bool:
        kinds = [token.type for token in self.parsed]
        rows = max(1, kinds.count("thead_open"))
        deepest = max((token.level for token in self.parsed), default=0)
        return deepest <= DEEPEST and kinds.count("th_open") // rows * LEAST_COLUMN <= width


class Trimmed:
    """Without empty lines around it and spaces at the ends of lines, which would be copied along
    and differ between texts that are cut in different places."""

    def __init__(self, inner: RenderableType) -> None:
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[Segment]:
        lines = [_strip_end(each) for each in console.render_lines(self._inner, options, pad=False)]
        while lines and not lines[0]:
            del lines[0]
        while lines and not lines[-1]:
            del lines[-1]
        for line in lines:
            yield from line
            yield Segment.line()


def draw_block(block: Block, *, plain: bool = False) -> RenderableType:
    """What shows a block; as it was written if it is `plain` or costly. Control characters of the
    text are marked before it is parsed."""
    text = clean_text(block.text).expandtabs(4)
    plain = plain or is_costly(block.kind, text)
    if block.kind == "code":
        return Trimmed(
            Padding(_draw_code(text, "" if plain else block.language), (0, 0, 0, INDENT))
        )
    # The rest of a table that was cut is none: it lacks the head.
    rest = block.continues and text.lstrip().startswith("|")
    return Trimmed(Text(text, overflow="fold") if plain or rest else _Markdown(text))


def print_blocks(
    console: Console, blocks: Iterable[Block], *, first: bool, plain: bool = False
) -> None:
    """Print blocks under one another, with an empty line before each that is not the first."""
    for block in blocks:
        if not first and not block.continues:
            console.print()
        console.print(draw_block(block, plain=plain), end="")
        first = False


def _draw_code(text: str, language: str, padding: int = 0) -> Syntax:
    name = language.lower()
    known = name if name in LANGUAGES and not is_costly("code", text) else "text"
    background = None if padding else "default"
    return Syntax(
        text, known, theme=CODE_THEME, word_wrap=True, padding=padding, background_color=background
    )


def print_wrapped(console: Console, line: str, style: str = "") -> None:
    """Print a line wrapped at words, indented as its beginning is."""
    shown = line.lstrip(" ")
    print_indented(console, Text(shown, style=style), len(line) - len(shown))


def _strip_end(line: list[Segment]) -> list[Segment]:
    kept = list(line)
    while kept and not kept[-1].control:
        last = kept.pop()
        if text := last.text.rstrip():
            kept.append(Segment(text, last.style))
            break
    return kept
