"""The demo as a user has it: break the service, approve the repair, see it hold."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.e2e.care.conftest import Demo

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="Prometheus is not installed"),
]


def test_a_bad_release_is_reverted(demo: Demo) -> None:
    if shutil.which("loki") is None:
        assert demo.log.read_text().count("Loki is missing: the demo has metrics alone.") == 1
    said = demo.talk("Check the rejection rate")
    assert "rejections: holds" in said and "must be" in said
    demo.harness("care", "break", "bad-deploy")
    ticket = demo.until(lambda: demo.ticket("proposed"))
    assert (ticket["subject"], ticket["invariant"]) == ("ratelimiter", "errors")
    demo.harness("approve", ticket["run"])
    demo.until(lambda: demo.ticket("resolved") or demo.ticket("failed"))
    assert demo.ticket("resolved"), demo.harness("care", "ticket", "show", ticket["id"])
    assert demo.holds()


def commit(demo: Demo, old: str, new: str, message: str) -> None:
    """A commit of a colleague, deployed."""
    folder = demo.folder / "ratelimiter"
    service = folder / "service.py"
    text = service.read_text()
    assert old in text
    service.write_text(text.replace(old, new, 1))
    who = ("-c", "user.name=ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgSign=false")
    subprocess.run(["git", *who, "commit", "-qam", message], cwd=folder, check=True)
    subprocess.run([sys.executable, "deploy.py"], cwd=folder, check=True)


def test_a_repair_that_breaks_something_else_is_rolled_back(demo: Demo) -> None:
    """Reverting the last commit stops the errors, and makes requests slow again: they were fast."""
    line = "    bucket = buckets.setdefault"
    slow, errors = (
        "    time.sleep(0.5)\n",
        "    if time.time() % 1 < 0.4:\n        raise KeyError(key)\n",
    )
    commit(demo, line, slow + line, "Wait for the store")
    commit(demo, slow, errors, "Do not wait for the store")
    demo.until(lambda: demo.states()["ratelimiter latency"] == "holds")
    ticket = demo.until(lambda: demo.ticket("proposed"))
    assert ticket["invariant"] == "errors"
    demo.harness("approve", ticket["run"])
    demo.until(lambda: demo.ticket("resolved") or demo.ticket("failed"))
    [failed] = demo.read("care", "ticket", "show", ticket["id"])
    moves = {each["state"]: each for each in failed["moves"]}
    assert "latency" in moves["failed"]["why"] and "1 change was undone" in moves["failed"]["why"]
    assert [each["state"] for each in failed["changes"]] == ["undone"]
    took = moves["failed"]["at"] - moves["verifying"]["at"]
    print(f"rolled back {took:.1f} s after the deploy, with a scrape a second")


def test_a_flood_of_logs_is_found_in_the_logs(demo_with_logs: Demo) -> None:
    demo = demo_with_logs
    demo.until(lambda: demo.harness("care", "query", '{service="ratelimiter"}', "--logs"))
    demo.harness("care", "break", "log-flood")
    ticket = demo.until(lambda: demo.ticket("proposed"))
    assert ticket["invariant"] == "log-lines"
    shown = demo.harness("care", "ticket", "show", ticket["id"])
    assert "log: " in shown and "Log more" in shown
    demo.harness("approve", ticket["run"])
    demo.until(lambda: demo.ticket("resolved") or demo.ticket("failed"))
    assert demo.ticket("resolved"), demo.harness("care", "ticket", "show", ticket["id"])
    assert demo.holds()
