"""Every link in the documents leads somewhere, and their Python is Python."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FILES = [
    *(ROOT / name for name in ("README.md", "AGENTS.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("file", FILES, ids=name)
def test_links_lead_somewhere(file: Path) -> None:
    for target in LINK.findall(FENCE.sub("", file.read_text("utf-8"))):
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (file.parent / path).resolve() if path else file
        assert there.exists(), f"{name(file)}: {target}: there is no such file"
        if anchor:
            assert anchor in anchors(there), f"{name(file)}: {target}: there is no such heading"


@cache
def anchors(file: Path) -> set[str]:
    """As GitHub makes them: lower case, no punctuation, dashes for spaces."""
    text = FENCE.sub("", file.read_text("utf-8"))
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in headings}
    return made | set(re.findall(r'<a id="([^"]+)">', text))


@pytest.mark.parametrize("file", FILES, ids=name)
def test_code_can_be_read(file: Path) -> None:
    for language, text in fences(file):
        if language == "python":
            compile(text, name(file), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        elif language == "json":
            json.loads(text)
        elif language == "toml":
            tomllib.loads(text)


@pytest.mark.parametrize("file", FILES, ids=name)
def test_fences_say_what_they_hold(file: Path) -> None:
    assert [text for language, text in fences(file) if not language] == []


def fences(file: Path) -> Iterator[tuple[str, str]]:
    for indent, language, text in FENCE.findall(file.read_text("utf-8")):
        yield language, re.sub(f"^{indent}", "", text, flags=re.MULTILINE)


def test_every_document_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    linked = {(ROOT / "docs" / target.partition("#")[0]) for target in LINK.findall(index)}
    missing = [name(f) for f in FILES if f.is_relative_to(ROOT / "docs") and f not in linked]
    assert missing == ["docs/README.md"]


def test_every_picture_is_shown_and_small() -> None:
    shown = {
        (file.parent / target).resolve()
        for file in FILES
        for target in LINK.findall(file.read_text("utf-8"))
        if target.endswith((".png", ".svg"))
    }
    for picture in (ROOT / "docs" / "img").iterdir():
        assert picture.resolve() in shown, f"{picture.name} is shown nowhere"
        assert picture.stat().st_size < 200_000, f"{picture.name} is over 200 kB"


@pytest.mark.parametrize("file", FILES, ids=name)
def test_declarations_hold(file: Path) -> None:
    """Agents and tools in the documents are accepted; what runs something is for the examples."""
    for language, text in fences(file):
        if language == "python" and "asyncio.run(" not in text and not awaits(text):
            exec(compile(text, name(file), "exec"), {"__name__": __name__})


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(each, id=name(each))
        for each in FILES
        if "reference" not in each.parts  # signatures, which nobody saves
    ],
)
def test_code_can_be_saved_as_a_file_and_run(file: Path) -> None:
    """`await` outside of a function works in a notebook, and is a syntax error in a file."""
    assert [text for language, text in fences(file) if language == "python" and awaits(text)] == []


def awaits(text: str) -> bool:
    """Whether it waits for something outside of any function."""
    try:
        compile(text, "document", "exec")
    except SyntaxError:
        return True
    return False
