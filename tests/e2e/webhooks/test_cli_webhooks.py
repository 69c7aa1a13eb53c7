"""Webhooks from the command line, as people and as programs use it."""

from __future__ import annotations

from tests.fakes.command import Ended, Project


def refused(ended: Ended, code: int) -> str:
    assert ended.code == code, (ended.out, ended.err)
    return ended.last["error"]["code"]


def test_webhooks(kept_project: Project) -> None:
    command = kept_project.command
    url = "https://127.0.0.1/hook"
    added = command("webhook", "add", url, "--events", "run_ended,budget_reached", "--json")
    assert added.code == 0, added.err
    id, secret = added.last["id"], added.last["secret"]
    assert secret.startswith("whsec_") and added.last["events"] == ["run_ended", "budget_reached"]
    listed = command("webhook", "list", "--json")
    assert [(each["id"], each["state"]) for each in listed.lines] == [(id, "active")]
    assert secret not in listed.out + command("webhook", "show", id).out
    assert url in command("webhook", "show", id).out
    assert refused(command("webhook", "test", id, "--json"), 1) == "webhooks.undelivered"
    assert command("webhook", "deliveries", id).out == ""
    assert command("webhook", "resume", id, "--json").last == {"runs": 0}
    plain = command("webhook", "add", "http://example.org/", "--json")
    assert refused(plain, 1) == "webhooks.refused"
    assert refused(command("webhook", "add", url, "--limit", "3", "--json"), 2)
    assert refused(command("webhook", "show", "--json"), 2)
    assert command("webhook", "remove", id).out == f"{id}: removed\n"
    assert refused(command("webhook", "show", id, "--json"), 1) == "webhooks.not_found"
