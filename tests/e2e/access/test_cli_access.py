"""Users and API tokens from the command line, as people and as programs use it."""

from __future__ import annotations

import pytest

from tests.fakes.command import Ended, Project


def refused(ended: Ended, code: int) -> str:
    """The error's code; its message names what to do next."""
    assert ended.code == code, (ended.out, ended.err)
    error = ended.last["error"]
    assert error["fix"]
    return error["code"]


@pytest.mark.slow
def test_users(kept_project: Project) -> None:
    command = kept_project.command
    added = command("user", "add", "ada", "--json")
    assert added.code == 0
    assert (added.last["name"], added.last["role"], added.last["state"]) == (
        "ada", "operator", "enabled",
    )  # fmt: skip
    assert refused(command("user", "add", "ada", "--json"), 1) == "access.user_exists"
    assert refused(command("user", "add", "Ada", "--json"), 2) == "config.invalid_value"
    assert refused(command("user", "disable", "local", "--json"), 1) == "access.local_user"
    assert refused(command("user", "enable", "nobody", "--json"), 1) == "access.user_not_found"
    assert command("user", "set-role", "ada", "--role", "viewer").out == "ada: viewer, enabled\n"
    assert command("user", "disable", "ada", "--json").last["disabled"]
    listed = {user["name"]: user for user in command("user", "list", "--json").lines}
    assert (listed["ada"]["role"], listed["ada"]["state"]) == ("viewer", "disabled")
    assert (listed["local"]["role"], listed["local"]["state"]) == ("admin", "enabled")
    assert command("user", "enable", "ada").out == "ada: viewer, enabled\n"
    text = command("user", "list").out.splitlines()
    assert text[0].split() == ["NAME", "ROLE", "STATE", "CREATED"]
    assert any(line.split()[:3] == ["ada", "viewer", "enabled"] for line in text)


def test_a_link_signs_a_browser_in(kept_project: Project) -> None:
    command = kept_project.command
    made = command("user", "link", "local", "--url", "https://harness.example.org/", "--json")
    assert made.last["sign_in"].startswith("https://harness.example.org/sign-in?code=hnc_")
    assert refused(command("user", "link", "nobody", "--json"), 1) == "access.user_not_found"
    assert command("user", "list", "--url", "https://harness.example.org").code == 2


def test_tokens(kept_project: Project) -> None:
    command = kept_project.command
    command("user", "add", "bob")
    made = command("token", "create", "--user", "bob", "--name", "ci", "--expires", "30d", "--json")
    token = made.last
    assert token["token"].startswith(f"hns_{token['id']}_")
    assert (token["user"], token["role"], token["name"]) == ("bob", "operator", "ci")
    assert round(token["expires"] - token["created"]) in (30 * 86_400, 30 * 86_400 - 1)

    plain = command("token", "create", "--role", "viewer")
    secret = plain.out.strip()
    assert secret.count("\n") == 0
    assert secret.startswith("hns_")
    assert "not shown again" in plain.err
    assert secret not in plain.err
    assert f"harness token revoke {secret.split('_')[1]}" in plain.err

    listed = command("token", "list", "--user", "bob", "--json")
    assert [(each["id"], each["state"]) for each in listed.lines] == [(token["id"], "active")]
    text = command("token", "list")
    for printed in (listed.out, text.out):
        assert token["token"] not in printed
        assert secret not in printed
    assert text.out.splitlines()[0].split()[:4] == ["ID", "USER", "ROLE", "STATE"]
    assert command("token", "revoke", token["id"]).out == f"{token['id']}: revoked\n"
    assert command("token", "revoke", token["id"], "--json").last["state"] == "revoked"
    assert command("token", "list", "--user", "bob", "--json").last["state"] == "revoked"


def test_tokens_that_are_refused(kept_project: Project) -> None:
    command = kept_project.command
    command("user", "add", "eve", "--role", "viewer")
    strong = command("token", "create", "--user", "eve", "--role", "admin", "--json")
    assert refused(strong, 1) == "access.not_allowed"
    assert "admin" in strong.last["error"]["message"]
    unknown = command("token", "create", "--user", "nobody", "--json")
    assert refused(unknown, 1) == "access.user_not_found"
    assert refused(command("token", "revoke", "f" * 16, "--json"), 1) == "access.token_not_found"
    assert refused(command("token", "revoke", "../etc", "--json"), 1) == "access.token_not_found"
    assert refused(command("token", "create", "--expires", "soon", "--json"), 2) == "config.usage"
    assert command("token", "list", "--user", "eve").err.startswith("There are no tokens yet.")


@pytest.mark.parametrize("words", [("user", "--help"), ("token", "--help")], ids=" ".join)
def test_help(kept_project: Project, words: tuple[str, str]) -> None:
    assert "Exit codes" in kept_project.command(*words).out
