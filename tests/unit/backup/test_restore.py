"""What `harness restore` refuses before it touches anything."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from harness.backup import restore
from harness.backup.bundle_file import EpochMark, Manifest, write_bundle
from harness.config.settings import ArtifactSettings, DatabaseSettings, Settings, SigningSettings
from harness.config.trust import make_state_folder
from harness.contracts.errors import StackError, StoreError
from harness.crypto.signing import Signer
from harness.stack.layout import Layout, layout_of
from harness.stack.users import join_users

SETTINGS = Settings()
ENGINE_ONLY = Settings(
    database=DatabaseSettings.model_validate({"url": "postgresql://elsewhere/x"}),
    artifacts=ArtifactSettings(url="file:///elsewhere"),
)


async def test_a_worker_that_outlived_the_stack_holds_it_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, "LEAVING_S", 0)
    layout = layout_of(SETTINGS.state_dir, tmp_path)
    make_state_folder(layout.state)
    with (
        join_users(layout),
        join_users(layout),
        pytest.raises(StackError, match="still running") as caught,
    ):
        await restore.restore_backup(SETTINGS, tmp_path, tmp_path / "copy.tar", print)
    assert caught.value.code == "stack.running"
    assert str(layout.users) in caught.value.fix


ALL = ("temporal.db", "postgres.dump", "roles.sql")


def backup(folder: Path, *names: str, needed: tuple[str, ...] = ALL) -> Path:
    """A backup from another machine."""
    sources = {name: folder / name for name in (*needed, *names)}
    for source in sources.values():
        source.write_bytes(b"x")
    manifest = Manifest(harness="1", made=1.0, epoch=EpochMark(branch="b", generation=1))
    write_bundle(folder / "copy.tar", manifest, sources, Signer(b"k" * 32))
    return folder / "copy.tar"


async def refused(project: Path, file: Path, settings: Settings, *, trust: bool) -> str:
    with pytest.raises(StoreError) as caught:
        await restore.restore_backup(settings, project, file, print, trust=trust)
    assert caught.value.code == "store.bad_backup"
    assert not os.listdir(project)
    return f"{caught.value.message} {caught.value.fix}"


async def test_a_backup_from_elsewhere_must_be_trusted(tmp_path: Path) -> None:
    file = backup(tmp_path, "signing.key")
    assert "--trust" in await refused(tmp_path / "new", file, SETTINGS, trust=False)


async def test_a_backup_is_not_restored_beside_another_signing_key(tmp_path: Path) -> None:
    """Workers would fail its open runs for good."""
    file = backup(tmp_path, "signing.key")
    other = Settings(signing=SigningSettings.model_validate({"key": "o" * 32}))
    said = await refused(tmp_path / "new", file, other, trust=True)
    assert "another signing key than signing.key" in said and "unset it" in said


async def test_a_backup_without_its_signing_key_is_not_restored(tmp_path: Path) -> None:
    file = backup(tmp_path)
    assert "Set the same signing.key" in await refused(tmp_path / "n", file, SETTINGS, trust=True)


async def test_a_restore_where_nothing_is_keeps_others_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second one, or a start of the stack, would take the same folder."""
    file = backup(tmp_path, "signing.key", needed=("temporal.db",))
    unpack, said = restore._unpack_backup, list[str]()  # pyright: ignore[reportPrivateUsage]

    def twice(*args: Any) -> Manifest:
        with pytest.raises(StackError, match="being restored") as caught:
            asyncio.run(restore.restore_backup(ENGINE_ONLY, tmp_path / "p", file, print))
        said.append(caught.value.code)
        return unpack(*args)

    monkeypatch.setattr(restore, "_unpack_backup", twice)
    done = await restore.restore_backup(ENGINE_ONLY, tmp_path / "p", file, print, trust=True)
    assert said == ["stack.running"]
    assert done.aside is None and os.listdir(tmp_path / "p") == [done.state.name]


async def test_restores_in_the_same_second_keep_each_former_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore.time, "strftime", lambda pattern: pattern)
    file = backup(tmp_path, "signing.key", needed=("temporal.db",))
    asides: list[Path | None] = []
    for _ in range(4):
        done = await restore.restore_backup(ENGINE_ONLY, tmp_path / "p", file, print, trust=True)
        (done.state / "signing.key").unlink()  # as it is in the backup, it is no key
        asides.append(done.aside)
    assert asides[0] is None and len(set(asides)) == 4
    assert all(aside is None or (aside / "temporal.db").exists() for aside in asides)


async def test_a_restored_folder_needs_no_home_to_be_recorded_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container with HARNESS_STATE_DIR; an engine alone needs no Postgres to be loaded."""
    monkeypatch.setenv("XDG_CONFIG_HOME", "/proc/none")
    file = backup(tmp_path, "signing.key", needed=("temporal.db",))
    said: list[str] = []
    done = await restore.restore_backup(ENGINE_ONLY, tmp_path / "p", file, said.append, trust=True)
    assert (done.state / "temporal.db").read_bytes() == b"x"
    assert "could not be marked as trusted" in said[-1]


def test_a_folder_that_cannot_be_moved_aside_stays(tmp_path: Path) -> None:
    state, draft = tmp_path / ("s" * 250), tmp_path / "draft"
    for folder in (state, draft):
        folder.mkdir()
    layout = Layout(state=state, sockets=tmp_path)
    manifest = Manifest(harness="1", made=1.0, epoch=EpochMark(branch="b", generation=1))
    with pytest.raises(StackError, match="cannot be moved aside") as caught:
        restore._exchange_state(SETTINGS, layout, draft, manifest)  # pyright: ignore[reportPrivateUsage]
    assert "mount point" in caught.value.fix and state.is_dir()
