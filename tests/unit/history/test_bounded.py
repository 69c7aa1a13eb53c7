"""Foreign files raise our own errors, within bounded memory."""

from __future__ import annotations

import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.archive.bundle import open_recordings
from harness.contracts.errors import HarnessError, StoreError
from harness.history import bounded
from harness.history.export import read_file

SOME = ("deep", "no text")
MEMORY = 6_000_000
HOSTILE: dict[str, bytes] = {
    "deep": b"[" * 10_000 + b"]" * 10_000,
    "deep in a field": b'{"format": "harness run", "a": ' + b'{"a":' * 10_000,
    "many values": b"[" + b"[]," * 12_000 + b"0]",
    "not closed": b'{"a": "' + b"\\" * 100_001,
    "one long string": b'"' + b"a" * 200_000,
    "no text": b"\xff\xfe\x00",
    "surrogate": b'{"format": "harness run", "version": 1, "run": "\\ud800"}',
    "big number": b'{"format": "harness run", "version": ' + b"9" * 5_000 + b"}",
    "nothing": b"",
    "wrong types": b'{"format": "harness run", "version": "1", "nodes": 3}',
}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds that a test reaches cheaply."""
    monkeypatch.setattr(bounded, "VALUES", 10_000)


@pytest.fixture
def measured() -> Iterator[None]:
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MEMORY


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.usefixtures("small")
def test_a_hostile_file_ends_in_our_error(name: str, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_bytes(HOSTILE[name])
    with pytest.raises(HarnessError):
        read_file(file)


@pytest.mark.usefixtures("small", "measured")
def test_a_bomb_is_cut_off_and_the_rest_is_read(tmp_path: Path) -> None:
    source = tmp_path / "runs.zip"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name in SOME:
            bundle.writestr(f"{name}.json", HOSTILE[name])
        with bundle.open("bomb.json", "w") as bomb:
            for _ in range(4):
                bomb.write(b" " * 1_000_000)
    limit = 1_000_000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness.archive.bundle.FILE_BYTES", limit)
        failed: dict[str, str] = {}
        for name, load in open_recordings(source):
            with pytest.raises(HarnessError) as error:
                load()
            failed[name.rpartition(":")[2]] = error.value.message
    assert failed.keys() == {f"{each}.json" for each in (*SOME, "bomb")}
    assert "more than 1,000,000 bytes" in failed["bomb.json"]


def test_all_files_together_have_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "runs.zip"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as bundle:
        for n in range(3):
            bundle.writestr(f"{n}.json", " " * 600)
    monkeypatch.setattr("harness.archive.bundle.TOTAL_BYTES", 1_000)
    said: list[str] = []
    for _, load in open_recordings(source):
        with pytest.raises(StoreError) as error:
            load()
        said.append(error.value.message)
    assert "not valid JSON" in said[0]
    assert all("more than 400 bytes" in each for each in said[1:])


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"PK\x05\x06" + b"\0" * 18 + b"x" * 99])
def test_a_broken_zip_is_named(content: bytes, tmp_path: Path) -> None:
    source = tmp_path / "runs.zip"
    source.write_bytes(content)
    for _, load in _opened(source):
        with pytest.raises(StoreError):
            load()


def _opened(source: Path) -> list[tuple[str, Callable[[], object]]]:
    try:
        return list(open_recordings(source))
    except StoreError as error:
        assert str(source) in error.message
        return []
