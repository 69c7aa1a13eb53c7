# ruff: noqa: F401, F811 - fixtures are imported, and asked for by their names
"""Errors name what prevents a start, and what to do about it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.config.settings import Settings, TemporalSettings
from harness.contracts.errors import StackError
from harness.stack import diagnose, open_stack, stop_stack
from harness.stack.layout import read_kept
from tests.fakes.stack import (
    SETTINGS,
    User,
    answers,
    database_answers,
    empty_project,
    layout,
    pids_of,
    project,
    query,
    until_gone,
)

pytestmark = pytest.mark.slow

AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root needs it, or can set it up")


async def refused(project: Path, settings: Settings = SETTINGS) -> StackError:
    with pytest.raises(StackError) as caught:
        async with open_stack(settings, project):
            pass
    return caught.value


async def made(project: Path) -> None:
    async with open_stack(SETTINGS, project):
        pass
    await stop_stack(SETTINGS, project)


def listening() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


async def test_a_configured_port_in_use(project: Path) -> None:
    with listening() as other:
        port = other.getsockname()[1]
        settings = Settings(temporal=TemporalSettings(port=port))
        error = await refused(project, settings)
        assert error.code == "stack.port_in_use"
        assert str(port) in error.message and "TEMPORAL_ADDRESS" in error.fix
        [check] = [check for check in await diagnose(settings, project) if check.name == "ports"]
        assert not check.ok and str(port) in check.detail
    async with open_stack(settings, project) as endpoints:
        assert endpoints.temporal_address == f"127.0.0.1:{port}"


async def test_a_kept_port_in_use(project: Path) -> None:
    await made(project)
    port = read_kept(layout(project))["temporal_port"]
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        async with open_stack(SETTINGS, project) as endpoints:
            assert endpoints.temporal_address != f"127.0.0.1:{port}"
            assert any(f"port {port} is in use" in note for note in endpoints.notes)


@pytest.mark.parametrize("content", [b"nonsense" * 1000, b"SQLite format 3\0" + b"\1" * 9000])
async def test_broken_temporal_data(empty_project: Path, content: bytes) -> None:
    data = layout(empty_project).temporal_data
    data.parent.mkdir()
    data.write_bytes(content)
    error = await refused(empty_project)
    assert error.code == "stack.data_broken", error.message
    assert str(data) in error.message and f"mv {data}" in error.fix
    assert data.read_bytes() == content
    data.rename(data.with_suffix(".broken"))
    await made(empty_project)


async def test_broken_database_data(project: Path) -> None:
    await made(project)
    data = layout(project).postgres_data
    for broken, content in (
        (data / "PG_VERSION", b"12\n"),
        (data / "global" / "pg_control", b"\0" * 8192),
    ):
        sound = broken.read_bytes()
        broken.write_bytes(content)
        error = await refused(project)
        assert error.code == "stack.data_broken", error.message
        assert str(data) in error.message and f"mv {data}" in error.fix
        broken.write_bytes(sound)
    (data / "PG_VERSION").rename(data / "away")
    assert (await refused(project)).code == "stack.data_broken"


async def test_a_lost_password_is_replaced(project: Path) -> None:
    async with open_stack(SETTINGS, project) as first:
        query(first.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
    await stop_stack(SETTINGS, project)
    layout(project).password.unlink()
    async with open_stack(SETTINGS, project) as second:
        assert second.database_url != first.database_url
        assert not database_answers(first.database_url)
        assert query(second.database_url, "SELECT answer FROM kept") == 42


async def test_an_old_binary(project: Path) -> None:
    old = project / "temporal"
    old.write_text('#!/bin/sh\necho "temporal version 1.4.1 (Server 1.28.0, UI 2.39.0)"\n')
    old.chmod(0o755)
    settings = Settings(temporal=TemporalSettings(binary=old))
    error = await refused(project, settings)
    assert error.code == "stack.binary_too_old"
    assert "1.28.0" in error.message and "1.32" in error.message
    settings = Settings(temporal=TemporalSettings(binary=project / "none"))
    assert (await refused(project, settings)).code == "stack.binary_missing"


async def test_a_state_folder_that_cannot_be_made(empty_project: Path) -> None:
    layout(empty_project).state.write_text("a file")
    error = await refused(empty_project)
    assert error.code == "stack.start_failed" and str(layout(empty_project).state) in error.message


async def test_a_folder_of_sockets_that_others_can_read(project: Path) -> None:
    runtime = project / "run"
    (runtime / "harness").mkdir(parents=True, mode=0o755)
    runtime.chmod(0o700)
    user = User(project, XDG_RUNTIME_DIR=str(runtime))
    said = await user.said()
    await user.leave()
    if len(str(runtime)) < 60:  # or else it is too long for sockets, and /tmp is taken
        assert said["code"] == "stack.start_failed" and str(runtime) in said["message"]


@pytest.fixture
def small_disk(empty_project: Path) -> Iterator[Path]:
    """The state folder of the empty_project, on a disk of 50 MB."""
    state = layout(empty_project).state
    state.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=50m,mode=700", "none", str(state)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting is not allowed here")
    yield state
    subprocess.run(["umount", "-l", state], check=True)


@AS_ROOT
@pytest.mark.skipif(sys.platform != "linux", reason="tmpfs")
async def test_a_full_disk(empty_project: Path, small_disk: Path) -> None:
    error = await refused(empty_project)
    assert error.code == "stack.disk_full" and str(small_disk) in error.message
    assert not next(c for c in await diagnose(SETTINGS, empty_project) if c.name == "disk").ok
    await stop_stack(SETTINGS, empty_project)


def owner(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


@AS_ROOT
async def test_root_where_user_namespaces_are_closed(empty_project: Path) -> None:
    """Postgres runs as nobody, and its folders stay as closed as ours, whatever the umask."""
    project = empty_project
    layout(project).state.mkdir()
    layout(project).state.chmod(0o711)  # as an earlier version left it
    user = User(project, umask=0, PATH="/nonexistent")  # no unshare there
    said = await user.said()
    assert "database_url" in said, said
    found = layout(project)
    closed = (found.state, found.sockets, found.database_sockets, found.sockets.parent, found.logs)
    assert [folder.stat().st_mode & 0o777 for folder in closed] == [0o700] * 5
    query(said["database_url"], "CREATE TABLE kept AS SELECT 42 AS answer")
    pids = await pids_of(project)
    assert owner(pids[2]) == 65534
    user.process.kill()
    os.kill(pids[0], 9)  # setuid clears the death signal: it is asked for afterwards
    await user.leave()
    await until_gone(project, pids)
    async with open_stack(SETTINGS, project) as endpoints:  # and in a namespace again
        assert query(endpoints.database_url, "SELECT answer FROM kept") == 42
        assert answers(endpoints.temporal_address)
