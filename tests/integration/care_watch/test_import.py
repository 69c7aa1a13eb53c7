"""Import of alert rules, against a real Prometheus and its own check of rules."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from harness.care.audit.client import read_audit, read_gaps
from harness.care.audit.store import AuditFilter
from harness.cli.parser import UsageError
from harness.terminal import exit_codes
from tests.integration.api.conftest import Api
from tests.integration.remote.conftest import Places

RULES = """
groups:
  - name: api
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
      - alert: Down
        expr: up == 0
        for: 5m
        keep_firing_for: 10m
        labels: {severity: critical}
      - alert: Both
        expr: up == 0 and on (job) (up == 1)
"""
# Prometheus 2.42 does not know each of these, or refuses them.
WRONG = """
      - alert: Refused
        expr: no_such_function(up) > 1
      - alert: Half
        expr: sum(up
      - alert: up
        expr: up != 1
"""
IMPORT = "/api/v1/care/invariants/import"


async def import_(api: Api, subject: str, content: str, **more: Any) -> list[tuple[str, str]]:
    answer = await api.operator.post(IMPORT, json={"subject": subject, "content": content, **more})
    assert answer.status_code == 200, answer.text
    return [(each["rule"], each["outcome"]) for each in answer.json()["rules"]]


async def list_mine(api: Api) -> dict[str, Any]:
    found = (await api.viewer.get("/api/v1/care/invariants")).json()["invariants"]
    return {each["name"]: each for each in found if each.get("by")}


async def test_rules_are_added_updated_and_left_out(api: Api, subject: str) -> None:
    planned = await import_(api, subject, RULES, dry_run=True)
    assert planned == [("job:up:sum", "left out"), ("Down", "added"), ("Both", "added")]
    assert await list_mine(api) == {}
    assert await import_(api, subject, RULES) == planned
    mine = await list_mine(api)
    assert set(mine) == {"down", "both"}
    assert (mine["down"]["operator"], mine["down"]["keep_seconds"]) == ("!=", 600)
    again = await import_(api, subject, RULES.replace("for: 5m", "for: 1m"))
    assert [outcome for _, outcome in again] == ["left out", "updated", "unchanged"]
    assert (await list_mine(api))["down"]["for_seconds"] == 60
    # Those that Prometheus refuses, and one whose name is taken, do not keep others away.
    mixed = await import_(api, subject, RULES.replace("Both", "Other") + WRONG)
    assert [outcome for _, outcome in mixed[1:]] == ["updated", "added", *["left out"] * 3]
    assert set(await list_mine(api)) == {"down", "both", "other"}


async def test_imports_are_acts_of_the_audit(api: Api, subject: str) -> None:
    connection, added = api.daemon.connection, AuditFilter(action="invariant_added")

    async def read() -> list[tuple[str | None, str]]:
        entries = (await read_audit(connection, added, 50, verify=True)).entries
        assert {each.proof.state for each in entries if each.proof} <= {"sealed", "unsealed"}
        assert (await read_gaps(connection, AuditFilter())).unlisted == []
        return sorted((each.name, each.by) for each in entries)

    await import_(api, subject, RULES, dry_run=True)
    assert await read() == []
    both = [("both", api.user), ("down", api.user)]
    for _ in range(2):  # again changes nothing, and so it is no act
        await import_(api, subject, RULES)
        assert await read() == both
    await import_(api, subject, RULES.replace("for: 5m", "for: 1m"))
    assert await read() == [*both, ("down", api.user)]


async def test_who_may_and_what_is_refused(api: Api, subject: str) -> None:
    body = {"subject": subject, "content": RULES}
    assert (await api.viewer.post(IMPORT, json=body)).status_code == 403
    for content, code in (("a: [", "care.bad_rules"), ("a: &a 1\nb: *a", "care.bad_rules")):
        answer = await api.operator.post(IMPORT, json={**body, "content": content})
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    huge = await api.operator.post(IMPORT, json={**body, "content": "#" * 9_000_000})
    assert huge.status_code in (400, 413, 422)
    unknown = await api.operator.post(IMPORT, json={**body, "subject": "nobody"})
    assert unknown.json()["code"] == "care.no_subject"
    assert await list_mine(api) == {}


async def test_the_command(
    places: Places, subject_folder: Path, name: str, options: dict[str, Any], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("HARNESS_CARE__METRICS__URL", options["care"]["metrics"]["url"])
    await places.stack("care", "subject", "add", str(subject_folder))
    file = tmp_path / "rules.yml"
    file.write_text(RULES + WRONG)
    words = ("care", "invariant", "import", str(file), "--subject", name)
    for run in (places.stack, places.daemon):
        planned = await run(*words, "--dry-run")
        assert planned.code == exit_codes.DONE, planned
        assert "Prometheus refused the query" in planned.out and "recording rule" in planned.out
    done = await places.daemon(*words, "--json")
    assert [each["outcome"] for each in done.last["rules"]].count("added") == 2
    assert "unchanged" in (await places.stack(*words)).out
    file.write_bytes(b"\xff\xfe")
    for path in (file, tmp_path / "none.yml", tmp_path):
        bad = await places.stack("care", "invariant", "import", str(path), "--subject", name)
        assert bad.error and bad.error["code"] == "care.bad_rules", bad
    with file.open("wb") as large:
        large.truncate(10_000_000)
    bad = await places.stack(*words)
    assert bad.error and "larger than 1 MB" in bad.error["message"]
    with pytest.raises(UsageError):
        await places.stack("care", "invariant", "import", str(file))


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize("extra", ["", WRONG])
async def test_what_promtool_accepts_is_imported(
    api: Api, subject: str, tmp_path: Path, extra: str
) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(RULES.replace("        keep_firing_for: 10m\n", "") + extra)
    checked = await asyncio.to_thread(
        subprocess.run,
        ["promtool", "check", "rules", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    found = await import_(api, subject, file.read_text(), dry_run=True)
    refused = [rule for rule, outcome in found[1:] if outcome == "left out"]
    assert (checked.returncode == 0) == (not refused)
    if not refused:
        assert f"{len(found)} rules found" in checked.stdout
    else:
        assert refused == ["Refused", "Half", "up"]
