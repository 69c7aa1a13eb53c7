"""What a backup file may hold, and what is refused before anything is written elsewhere."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.backup.bundle_file import (
    MANIFEST,
    EpochMark,
    Manifest,
    Part,
    extract_parts,
    is_authentic,
    read_manifest,
    write_bundle,
)
from harness.contracts.errors import StoreError
from harness.crypto.signing import Signer

SIGNER = Signer(b"k" * 32)
BEFORE = Manifest(harness="1", made=1.0, epoch=EpochMark(branch="b", generation=3))
PARTS = {"temporal.db": b"engine" * 500, "artifacts/ab/cd": b"", "roles.sql": b"x" * 512}


def written(folder: Path) -> Path:
    sources: dict[str, Path] = {}
    for number, (name, content) in enumerate(PARTS.items()):
        sources[name] = folder / f"source-{number}"
        sources[name].write_bytes(content)
    write_bundle(folder / "b.tar", BEFORE, sources, SIGNER)
    return folder / "b.tar"


def unpacked(file: Path, folder: Path) -> Manifest:
    with file.open("rb") as opened:
        manifest = read_manifest(opened)
        extract_parts(opened, manifest, folder)
    return manifest


def test_what_is_written_is_read_and_other_tools_read_it(tmp_path: Path) -> None:
    file = written(tmp_path)
    target = tmp_path / "out"
    target.mkdir()
    manifest = unpacked(file, target)
    assert {name: (target / name).read_bytes() for name in PARTS} == PARTS
    assert is_authentic(manifest, SIGNER)
    assert not is_authentic(manifest, Signer(b"o" * 32))
    longer = manifest.model_copy(update={"parts": {**manifest.parts, "x": Part(size=1, sha256="")}})
    assert not is_authentic(longer, SIGNER)
    assert file.stat().st_mode & 0o077 == 0
    with tarfile.open(file) as tar:
        assert tar.getnames() == [MANIFEST, *PARTS]


Members = list[tuple[tarfile.TarInfo, bytes]]


def member(name: str, content: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def listed(**sizes: int) -> tuple[tarfile.TarInfo, bytes]:
    parts = {
        name.replace("__", "/"): {"size": size, "sha256": "0" * 64} for name, size in sizes.items()
    }
    return manifest_of(parts)


def manifest_of(parts: object) -> tuple[tarfile.TarInfo, bytes]:
    import json

    body = {"harness": "1", "made": 1.0, "epoch": {"branch": "b", "generation": 1}, "parts": parts}
    return member(MANIFEST, json.dumps(body).encode())


def one(name: str) -> Members:
    return [manifest_of({name: {"size": 1, "sha256": "0" * 64}}), member(name, b"x")]


HOSTILE: dict[str, Callable[[], Members]] = {
    "no manifest": lambda: [member("temporal.db", b"x")],
    "manifest not json": lambda: [member(MANIFEST, b"{")],
    "manifest with more": lambda: [member(MANIFEST, b'{"a": 1}')],
    "manifest too large": lambda: [member(MANIFEST, b"", size=1 << 40)],
    "parent folder": lambda: one("../evil"),
    "inside and out": lambda: one("artifacts/../../evil"),
    "absolute": lambda: one("/tmp/evil"),
    "another file": lambda: one("stack.lock"),
    "hidden": lambda: one("artifacts/.hidden"),
    "newline": lambda: one("signing.key\n"),
    "negative": lambda: [manifest_of({"roles.sql": {"size": -1, "sha256": ""}})],
    "not listed": lambda: [listed(), member("roles.sql", b"x")],
    "twice": lambda: [
        manifest_of({"roles.sql": {"size": 0, "sha256": EMPTY}}), member("roles.sql"),
        member("roles.sql"),
    ],
    "longer than listed": lambda: [
        manifest_of({"roles.sql": {"size": 1, "sha256": EMPTY}}), member("roles.sql", b"x" * 9000)
    ],
    "other content": lambda: [
        manifest_of({"roles.sql": {"size": 1, "sha256": EMPTY}}), member("roles.sql", b"x")
    ],
    "missing": lambda: [manifest_of({"roles.sql": {"size": 0, "sha256": EMPTY}})],
    "symbolic link": lambda: [
        manifest_of({"roles.sql": {"size": 0, "sha256": EMPTY}}),
        member("roles.sql", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    ],
    "hard link": lambda: [
        manifest_of({"roles.sql": {"size": 0, "sha256": EMPTY}}),
        member("roles.sql", type=tarfile.LNKTYPE, linkname="manifest.json"),
    ],
    "device": lambda: [
        manifest_of({"roles.sql": {"size": 0, "sha256": EMPTY}}),
        member("roles.sql", type=tarfile.CHRTYPE),
    ],
    "folder": lambda: [listed(), member("artifacts", type=tarfile.DIRTYPE)],
    "extended header": lambda: [listed(), member("x", b"9 path=x\n", type=tarfile.XHDTYPE)],
    "long name": lambda: [listed(), member("x", b"/etc/passwd\0", type=tarfile.GNUTYPE_LONGNAME)],
}  # fmt: skip
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused(tmp_path: Path, kind: str) -> None:
    content = io.BytesIO()
    for info, data in HOSTILE[kind]():
        content.write(info.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512))
    content.write(bytes(1024))
    (tmp_path / "b.tar").write_bytes(content.getvalue())
    target = tmp_path / "in" / "out"
    target.mkdir(parents=True)
    with pytest.raises(StoreError) as refused:
        unpacked(tmp_path / "b.tar", target)
    assert refused.value.code == "store.bad_backup"
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize("end", [0, 100, 512, 1500, 3000])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, end: int) -> None:
    whole = written(tmp_path).read_bytes()
    cut = tmp_path / "cut.tar"
    cut.write_bytes(whole[:end])
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(StoreError):
        unpacked(cut, target)
