"""The file tools as a model uses them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.tools import edit_file, list_files, move_file, read_file, search_files, write_file
from harness.tools.files import files, search
from tests.fakes.tool_calls import Caller, calling

TOOLS = (read_file, write_file, list_files, search_files)


def lines(first: int, last: int) -> str:
    return "\n".join(f"line {n}" for n in range(first, last + 1))


async def test_a_file_is_written_and_read(tmp_path: Path) -> None:
    async with calling(*TOOLS, root=tmp_path) as call:
        assert await call("write_file", path="a/b.txt", content="grüße") == (
            "Created a/b.txt (7 bytes)."
        )
        assert await call("write_file", path="a/b.txt", content="x\ny\n") == (
            "Replaced a/b.txt (4 bytes)."
        )
        assert await call("read_file", path="a/b.txt") == "x\ny\n[lines 1-2 of 2]"


async def test_a_long_file_is_read_in_pages(tmp_path: Path) -> None:
    (tmp_path / "long").write_text(lines(1, 1000))
    async with calling(*TOOLS, root=tmp_path) as call:
        first = await call("read_file", path="long")
        assert first == f"{lines(1, 400)}\n[lines 1-400 of 1000; continue with offset=401]"
        page = await call("read_file", path="long", offset=999, limit=400)
        assert page == "line 999\nline 1000\n[lines 999-1000 of 1000]"
        page = await call("read_file", path="long", offset=999, limit=1)
        assert page == "line 999\n[lines 999-999 of 1000; continue with offset=1000]"
        assert await call("read_file", path="long", offset=2000) == "(the file has only 1000 lines)"


async def test_a_page_has_a_size(tmp_path: Path) -> None:
    (tmp_path / "wide").write_text("\n".join(["x" * 1_500] * 20) + "\n")
    (tmp_path / "one").write_text("é" * 100_000)
    async with calling(*TOOLS, root=tmp_path) as call:
        page = await call("read_file", path="wide")
        assert page.endswith("[lines 1-8 of 20; continue with offset=9]")
        page = await call("read_file", path="wide", offset=20)
        assert page.endswith("[lines 20-20 of 20]")
        page = await call("read_file", path="one")
        assert page == "é" * 2_000 + "... [line cut]\n[lines 1-1 of 1]"


async def test_a_file_too_large_to_count_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_SCAN", 1_000)
    (tmp_path / "huge").write_text(lines(1, 20_000))
    async with calling(*TOOLS, root=tmp_path) as call:
        page = await call("read_file", path="huge", limit=2)
        assert page == "line 1\nline 2\n[lines 1-2 of more; continue with offset=3]"
        page = await call("read_file", path="huge", offset=500)
        assert page == "(line 500 is beyond the first 1,000 bytes, which is the limit)"


async def test_empty_and_binary_files(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "binary").write_bytes(b"\x7fELF\0\0")
    (tmp_path / "latin").write_bytes(b"gr\xfc\xdfe")
    async with calling(*TOOLS, root=tmp_path) as call:
        assert await call("read_file", path="empty") == "(empty file)"
        _, message = await call.refused("read_file", path="binary")
        assert message == "'binary' is not a text file: 6 bytes of binary data."
        assert (await call("read_file", path="latin")).startswith("gr\ufffd\ufffde")


async def test_too_much_is_not_written(tmp_path: Path) -> None:
    async with calling(*TOOLS, root=tmp_path) as call:
        _, message = await call.refused("write_file", path="a", content="x" * 1_000_001)
    assert message == "The content has 1,000,001 bytes; the limit is 1,000,000."
    assert os.listdir(tmp_path) == []


async def test_paths_that_lead_out_are_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("needle")
    (root / "out").symlink_to(tmp_path)
    async with calling(*TOOLS, root=root) as call:
        for path in ("../secret", str(tmp_path / "secret"), "out/secret"):
            assert (await call.refused("read_file", path=path))[0] == "tool.confined"
            assert (await call.refused("write_file", path=path, content=""))[0] == "tool.confined"
            assert (await call.refused("list_files", path=path))[0] == "tool.confined"
            refused = await call.refused("search_files", pattern="needle", path=path)
            assert refused[0] == "tool.confined"
        assert await call("search_files", pattern="needle") == "(nothing found)"
        assert await call("list_files", depth=8) == "out  (link)"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "src" / "deep").mkdir(parents=True)
    (tmp_path / "src" / "a.py").write_text("import os\nNeedle = 1\n")
    (tmp_path / "src" / "deep" / "b.txt").write_text("no\nneedle here\n")
    (tmp_path / "src" / "binary").write_bytes(b"needle\0")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


async def test_files_are_listed_with_sizes(tree: Path) -> None:
    async with calling(*TOOLS, root=tree) as call:
        assert await call("list_files") == "pipe  (device, pipe or socket)\nsrc/"
        assert await call("list_files", path="src", depth=2) == (
            "a.py  21 B\nbinary  7 B\ndeep/\ndeep/b.txt  15 B"
        )
        assert "does not exist" in (await call.refused("list_files", path="nowhere"))[1]
        assert "not a folder" in (await call.refused("list_files", path="src/a.py"))[1]


async def test_a_long_list_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_ENTRIES", 3)
    for n in range(4):
        (tmp_path / str(n)).touch()
    async with calling(*TOOLS, root=tmp_path) as call:
        listed = await call("list_files")
        assert listed == "0  0 B\n1  0 B\n2  0 B\n[more than 3 entries: list a subfolder]"


async def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    async with calling(*TOOLS, root=tmp_path) as call:
        assert await call("list_files") == "(empty folder)"


async def test_texts_are_found(tree: Path) -> None:
    async with calling(*TOOLS, root=tree) as call:
        assert await call("search_files", pattern="needle") == "src/deep/b.txt:2: needle here"
        both = "src/a.py:2: Needle = 1\nsrc/deep/b.txt:2: needle here"
        assert await call("search_files", pattern="NEEDLE", ignore_case=True) == both
        found = await call("search_files", pattern="needle", path="src/deep", files="*.txt")
        assert found == "src/deep/b.txt:2: needle here"
        assert await call("search_files", pattern="needle", files="*.py") == "(nothing found)"
        found = await call("search_files", pattern="import", path="src/a.py")
        assert found == "src/a.py:1: import os"


async def test_a_file_to_search_must_be_a_text(tree: Path) -> None:
    async with calling(*TOOLS, root=tree) as call:
        _, message = await call.refused("search_files", pattern="x", path="src/binary")
        assert "not a text file" in message
        _, message = await call.refused("search_files", pattern="x", path="src/gone")
        assert "does not exist" in message


async def test_a_search_has_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("needle\n" * 50)
    (tmp_path / "b").write_text("needle " + "x" * 1000)
    async with calling(*TOOLS, root=tmp_path) as call:
        await _bounded(
            call, monkeypatch, "MAX_MATCHES", 10, 11, "[only the first 10 matches: narrow"
        )
        await _bounded(call, monkeypatch, "MAX_BYTES", 10, 51, "[too much to search")
        await _bounded(call, monkeypatch, "SECONDS", -1.0, 51, "[too much to search")
        found = await call("search_files", pattern="needle", path="b")
        assert len(found) < 400


async def _bounded(
    call: Caller, patch: pytest.MonkeyPatch, name: str, value: float, lines: int, end: str
) -> None:
    with patch.context() as bound:
        bound.setattr(search, name, value)
        found = (await call("search_files", pattern="needle")).splitlines()
    assert len(found) == lines
    assert found[-1].startswith(end)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain name.txt", "plain name.txt"),
        ("grüße.txt", "grüße.txt"),
        ("a\nforged  9 B", '"a\\nforged  9 B"'),
        ("a  9 B", '"a  9 B"'),
        ("a:1: b", '"a:1: b"'),
        ("\u202etxt.exe", '"\\u202etxt.exe"'),
        ("\x1b[2J", '"\\u001b[2J"'),
        (" ", '" "'),
        ('"', '"\\""'),
        (os.fsdecode(b"\xff"), '"\\udcff"'),
    ],
)
async def test_names_cannot_forge_entries(tmp_path: Path, name: str, shown: str) -> None:
    (tmp_path / name).write_text("needle\x1b\r\n")
    async with calling(*TOOLS, root=tmp_path) as call:
        assert await call("list_files") == f"{shown}  9 B"
        assert await call("search_files", pattern="needle") == f"{shown}:1: needle<U+001B>"
        if ":" not in name:
            await call("read_file", path=name)


async def test_a_folder_of_too_many_names_is_listed_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_FOLDER", 2)
    for n in range(4):
        (tmp_path / str(n)).touch()
    async with calling(*TOOLS, root=tmp_path) as call:
        listed = await call("list_files")
    assert listed.startswith("[. has more than 2 entries: not all are listed]\n")
    assert listed.count("\n") == 2


async def test_a_huge_file_is_moved_without_being_read(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(60 << 30)
    async with calling(move_file, root=tmp_path) as call:
        assert await call("move_file", source="sparse", target="there") == (
            "Moved sparse to there."
        )
    assert os.listdir(tmp_path) == ["there"]


async def test_an_edit_cannot_grow_without_bound(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 100_000)
    async with calling(edit_file, root=tmp_path) as call:
        _, message = await call.refused(
            "edit_file", path="a", old="x", new="y" * 40_000, everywhere=True
        )
    assert message == "'a' would grow to 4,000,000,000 bytes; the limit is 8,388,608."


@pytest.mark.parametrize("ends", ["", "\n"])
async def test_any_line_can_be_read(tmp_path: Path, ends: str) -> None:
    long = "x" * 200_000
    (tmp_path / "a").write_text("\n".join([long, "two", long, "four"]) + ends)
    async with calling(read_file, root=tmp_path) as call:
        assert (await call("read_file", path="a", offset=2, limit=1)).startswith("two\n[lines 2-2")
        assert await call("read_file", path="a", offset=4) == "four\n[lines 4-4 of 4]"
        assert "[lines 1-4 of 4]" in await call("read_file", path="a")
        assert await call("read_file", path="a", offset=9) == "(the file has only 4 lines)"
