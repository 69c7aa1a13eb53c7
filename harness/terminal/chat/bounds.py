"""What may be parsed and highlighted: counted before, so that no text makes a drawing slow. Pure.

A drawing delays every key. What is costly is shown as it was written instead: tables of many cells,
text that is mostly marks, code in languages whose highlighting takes time that grows faster than
the text.
"""

from __future__ import annotations

import re
import string
from typing import Literal

MOST_LINES = 100
MOST_CHARACTERS = {"text": 5_000, "code": 2_000}
"""Of a block. A longer one is cut: it is drawn again for new text, with all that it holds."""
MOST_CELLS = 400
MOST_MARKS = {"text": 1_000, "code": 600}
"""Of 4,000 pieces of code and prose that were as long as a block of code, 3 in 100 had more."""
MOST_LINE = 300
"""Of code. From each word, lexers look ahead over the words and spaces that follow."""
MOST_FENCES = 8
"""Within a list or a quote, where they are a part of the text."""

TEXT_MARKS = "*_~`[]!<&\\"
"""What may begin something in a line of Markdown."""
DELIMITERS = re.compile(r"^[ >]*([|:-][ |:-]*)$", re.MULTILINE)
"""What makes the lines around it a table, where dashes are in it."""
FENCES = re.compile(r"`{3}|~{3}")

LANGUAGES = frozenset(
    """
    bash c c# c++ clojure cpp csharp css dart diff docker dockerfile elixir erlang go golang
    graphql haskell hcl html ini java javascript js json julia kotlin latex lua make makefile
    nginx nix objective-c objectivec ocaml php postgres postgresql powershell proto protobuf ps1
    py python r rb rs ruby rust scala scss sh shell sql swift terraform tex toml ts typescript
    xml yaml yml zig zsh
    """.split()  # noqa: SIM905
)
"""Those that are highlighted: others, such as AutoHotkey, take seconds for a few hundred empty
lines."""


def is_costly(kind: Literal["text", "code"], text: str) -> bool:
    """Whether drawing a text may take more than about 50 ms of CPU time."""
    # An open block may be longer, until its last line is whole; so may one with tabs.
    if len(text) > 1.5 * MOST_CHARACTERS[kind]:
        return True
    if kind == "code":
        long = any(len(line) > MOST_LINE for line in text.split("\n"))
        return long or _count(text, string.punctuation) > MOST_MARKS[kind]
    if len(FENCES.findall(text)) > 2 * MOST_FENCES or count_cells(text) > MOST_CELLS:
        return True
    return _count(text, TEXT_MARKS) > MOST_MARKS[kind]


def count_cells(text: str) -> int:
    """At least as many cells as the tables of a text have, also those that its lines leave out."""
    rows = [found for found in DELIMITERS.findall(text) if "-" in found]
    widest = max((row.strip(" |").count("|") + 1 for row in rows if "|" in row), default=0)
    return widest * (text.count("\n") + 1)


def _count(text: str, marks: str) -> int:
    return sum(map(text.count, marks))
