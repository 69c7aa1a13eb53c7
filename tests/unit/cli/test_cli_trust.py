"""`harness trust`: nothing is trusted unseen."""

from __future__ import annotations

import errno
import os
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.cli.serve.serve import serve_api
from harness.cli.stack.info import print_config
from harness.config import load_settings, trust
from harness.config.trust import make_state_folder, mark_state_folder, read_trust, trust_file
from harness.contracts.errors import ConfigError, Untrusted
from harness.terminal.exit_codes import OutputError, open_guarded
from tests.fakes.trusting import trust_project

TEXT = 'temporal.address = "a.example:7233"\nlog.level = "info"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "harness.toml").write_text(TEXT)
    return tmp_path


def is_trusted(folder: Path) -> bool:
    return str(folder / "harness.toml") in read_trust().files


def test_what_is_trusted_is_shown_first(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trust_project(folder)
    said = capsys.readouterr().out
    assert said.index('temporal.address = "a.example:7233"') < said.index("Trusted:")
    assert "log.level" not in said


def test_what_cannot_be_shown_is_not_trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", open_guarded(os.open("/dev/full", os.O_WRONLY)))
    with pytest.raises(OutputError):
        trust_project(folder)
    assert not is_trusted(folder)


async def test_the_daemon_does_not_start_without_its_gates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "harness.toml").write_text('gates.profile = "strict"\n')
    monkeypatch.chdir(tmp_path)
    args = Namespace(host=None, port=None, no_worker=True, agents=())
    with pytest.raises(Untrusted, match=r"nothing in its \[gates\] counts"):
        await serve_api(args, Out(json=False))
    assert not (tmp_path / ".harness").exists()


@pytest.mark.parametrize("flags", [("list", "remove"), ("list", "yes"), ("remove", "yes")])
def test_flags_that_contradict_each_other(folder: Path, flags: tuple[str, ...]) -> None:
    trust_project(folder)
    with pytest.raises(UsageError, match="exclude each other"):
        trust_project(folder, *flags)
    assert is_trusted(folder)


def test_a_full_disk_leaves_no_drafts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trust_project(folder)
    before = read_trust()

    def fail_on(most: int) -> None:
        """The disk is full at the next write but `most`."""
        left = iter(range(most))

        def sync(_: int) -> None:
            if next(left, None) is None:
                raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(trust.os, "fsync", sync)

    for most in (0, 1):  # of the record of the user, or of the mark in the folder
        fail_on(most)
        with pytest.raises(ConfigError, match="No space left"):
            mark_state_folder(folder / "state")
    fail_on(0)
    make_state_folder(folder / "made")
    assert sorted(os.listdir(trust_file().parent)) == ["trusted.json", "trusted.lock"]
    assert sorted(os.listdir(folder)) == ["harness.toml", "made"]
    assert read_trust().files == before.files


def test_a_name_in_an_untrusted_file_forges_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    named = (
        r'[providers."evil\u001b[2J\nmodel  trusted  (default)"]' + '\nbase_url = "http://evil/"\n'
    )
    (tmp_path / "harness.toml").write_text(named)
    monkeypatch.chdir(tmp_path)
    assert print_config(Namespace(), Out(json=False)) == 0
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert not [line for line in said.splitlines() if line.startswith("model  trusted")]
    assert "evil" in said


def test_a_folder_of_a_hostile_name_forges_no_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = tmp_path / "a\n" / "forged"
    hostile.mkdir(parents=True)
    (hostile / "harness.toml").write_text(TEXT)
    for flag in ("yes", "list", "remove", "remove"):
        trust_project(hostile, flag)
    said = capsys.readouterr().out
    assert "Nothing of" in said
    assert not [line for line in said.splitlines() if line.startswith("/forged")]


def test_an_error_in_a_file_forges_no_line(tmp_path: Path) -> None:
    (tmp_path / "harness.toml").write_text(
        r'[providers."a\nmodel  x"]' + "\ntimeout_seconds = -1\n"
    )
    trust_project(tmp_path)
    with pytest.raises(ConfigError) as refused:
        load_settings(tmp_path, env={})
    assert "model  x" in refused.value.message and "\n" not in refused.value.message
