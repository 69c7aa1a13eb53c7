"""`harness db`: what a person and a script see before and after an upgrade."""

from __future__ import annotations

from tests.fakes.command import Project


def test_status_and_upgrade(kept_project: Project) -> None:
    command = kept_project.command
    assert command("db", "upgrade").code == 0
    status = command("db", "status", "--json")
    assert status.code == 0
    own = status.lines[0]
    assert (own["schema"], own["capability"], own["at"], own["pending"]) == (
        "harness", None, own["needed"], [],
    )  # fmt: skip
    assert {each["capability"] for each in status.lines} >= {None, "access", "conversations"}
    assert "harness: " in command("db", "--sql").out
    assert command("db", "upgrade").out == "All tables are up to date.\n"
