"""A harness.toml that others may have written: nothing is served without what it restricts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.config import check_restrictions, load_project
from harness.contracts.errors import Untrusted
from tests.fakes.trusting import trust_project

OTHER = 12345
"""A user id of nobody's."""
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files to other users")


def written(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "harness.toml").write_text(text)
    return folder


def refuse_to_serve(start: Path, match: str) -> Untrusted:
    _, settings = load_project(start, env={})
    with pytest.raises(Untrusted, match=match) as found:
        check_restrictions(settings)
    return found.value


@pytest.mark.parametrize("below", ["", "deep/er"])
@pytest.mark.parametrize("profile", ["", "profile.mine."])
def test_nothing_is_served_without_restrictions_that_others_may_write(
    tmp_path: Path, below: str, profile: str
) -> None:
    folder = written(tmp_path / "shared", f'{profile}gates.profile = "strict"\nmodel = "a/b"\n')
    inner = folder / below
    inner.mkdir(parents=True, exist_ok=True)
    file = folder / "harness.toml"
    file.chmod(0o666)
    error = refuse_to_serve(inner, r"harness\.toml can be changed by other users.*\[gates\]")
    assert f"chmod go-w {file}" in error.fix
    project, settings = load_project(inner, env={})
    assert project == inner and settings.model == "offline/demo", "no value of it counts"
    check_restrictions(load_project(inner, env={"HARNESS_GATES__PROFILE": "strict"})[1])
    file.chmod(0o644)
    assert load_project(inner, env={})[0] == folder


def test_a_file_that_restricted_once_is_not_believed_when_it_restricts_no_more(
    tmp_path: Path,
) -> None:
    file = written(tmp_path, 'gates.profile = "strict"') / "harness.toml"
    trust_project(tmp_path)
    file.write_text('model = "a/b"')
    file.chmod(0o666)
    refuse_to_serve(tmp_path, "can be changed by other users.*you trusted it")


@pytest.mark.parametrize("text", ["gates.profile = ", "[nothing]\nx = 1\n[gates]\nprofle = 2"])
def test_a_file_of_others_that_cannot_be_read_may_restrict(tmp_path: Path, text: str) -> None:
    (written(tmp_path, text) / "harness.toml").chmod(0o666)
    refuse_to_serve(tmp_path, "what it restricts cannot be read")


def test_a_file_of_others_that_restricts_nothing_is_passed_over(tmp_path: Path) -> None:
    (written(tmp_path, 'model = "a/b"\nhttp.allow = ["x"]') / "harness.toml").chmod(0o666)
    check_restrictions(load_project(tmp_path, env={})[1])


@needs_root
def test_the_owner_of_a_file_of_others_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, "[limits.pools.a]\nwidth = 1") / "harness.toml"
    os.chown(file, OTHER, -1)
    error = refuse_to_serve(tmp_path, f"belongs to the user id {OTHER}")
    assert f"chown {os.getuid()} {file}" in error.fix


def test_an_own_file_nearer_than_that_of_others_is_enough(tmp_path: Path) -> None:
    (written(tmp_path, 'gates.profile = "strict"') / "harness.toml").chmod(0o666)
    own = written(tmp_path / "own", 'model = "a/b"')
    project, settings = load_project(own, env={})
    check_restrictions(settings)
    assert project == own
