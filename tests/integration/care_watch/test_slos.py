"""SLOs over a real Prometheus: their burn rates, and what is left of their budgets."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from harness.care.invariants.evaluate import evaluate
from harness.care.invariants.judge import Judgement
from harness.care.invariants.rows import Watched
from harness.care.invariants.slo import Slo
from harness.care.invariants.slos import list_slos
from harness.care.repair.deploying import Deployer
from harness.care.settings import CareSettings
from harness.care.store import CareStore
from harness.care.subjects.registry import add_subject, find_subject
from harness.cli.parser import UsageError
from harness.terminal import exit_codes
from tests.fakes.prometheus import PrometheusServer
from tests.integration.api.conftest import Api
from tests.integration.remote.conftest import Places

# The sum over a window of one second each: it depends on the window alone.
GROWS = "sum_over_time(vector(0.001)[{window}:1s])"
DEFINITION = f"""
name = "NAME"

[[slo]]
name = "spent"
objective = 99
days = 1
ratio = "{GROWS}"

[[slo]]
name = "silent"
objective = 99.9
bad = "sum(rate(nothing_has_this_name[{{window}}]))"
total = "sum(rate(nothing_else_has_it[{{window}}]))"
slow = "off"

[[slo]]
name = "good"
objective = 90
bad = "sum(rate(nothing_has_this_name[{{window}}]))"
total = 'sum(count_over_time(up{{job="self"}}[{{window}}]))'
"""


UP = """
[[invariant]]
name = "up"
query = 'up{job="self"}'
operator = "=="
threshold = 1
"""


@pytest.fixture
def folder(tmp_path: Path, name: str) -> Path:
    (tmp_path / "service").mkdir()
    (tmp_path / "service" / "subject.toml").write_text(DEFINITION.replace("NAME", name))
    return tmp_path / "service"


async def judge_slo(prometheus: PrometheusServer, **fields: Any) -> dict[str, tuple[str, float]]:
    slo = Slo(name="a", objective=99, days=1, **fields)
    settings = CareSettings.model_validate({"metrics": {"url": prometheus.url}})
    watched = [Watched("api", each) for each in slo.expand()]
    found = await evaluate(settings, watched)
    return {w.invariant.name: (j.state, j.value or 0.0) for w, j in found}


async def test_the_smaller_of_two_windows_counts(prometheus: PrometheusServer) -> None:
    """At one day, windows are 2 min and 10 s, 12 min and 1 min, and so on."""
    found = await judge_slo(prometheus, ratio=GROWS)
    # The short windows sum up 10, 60, 240 and 720 thousandths; one per cent may be bad.
    wanted = {"a-burn-14x": 1.0, "a-burn-6x": 6.0, "a-burn-3x": 24.0, "a-burn-1x": 72.0}
    for name, value in wanted.items():
        assert found[name][1] == pytest.approx(value, abs=0.11)  # both ends of a window may count
    assert found["a-burn-14x"][0] == "holds"
    assert (found["a-burn-3x"][0], found["a-burn-1x"][0]) == ("broken", "broken")
    # The other way around, the long windows are smaller.
    found = await judge_slo(prometheus, ratio=f"0.9 - {GROWS}")
    assert found["a-burn-14x"][1] == pytest.approx(78.0, abs=0.11)
    # Several series: each is compared with its own, and the worst counts.
    more = 'label_replace({}, "route", "a", "", "") or label_replace({}, "route", "b", "", "")'
    both = more.format(GROWS, f"(0.9 - {GROWS})")
    assert (await judge_slo(prometheus, ratio=both))["a-burn-14x"][1] == pytest.approx(78, abs=0.2)


async def test_no_bad_event_is_good_and_no_event_is_unknown(prometheus: PrometheusServer) -> None:
    up = "sum(count_over_time(up[{window}]))"
    good = await judge_slo(prometheus, bad="sum(rate(no_such[{window}]))", total=up)
    assert good["a-burn-14x"] == ("holds", 0.0)
    none = await judge_slo(
        prometheus, bad="sum(rate(no[{window}]))", total="sum(rate(no[{window}]))"
    )
    assert {state for state, _ in none.values()} == {"no_data"}
    zero = await judge_slo(prometheus, bad=f"0 * {up}", total=f"0 * {up}", no_data="holds")
    assert {state for state, _ in zero.values()} == {"holds"}


async def test_what_is_left_in_api_and_terminal(
    api: Api, places: Places, folder: Path, name: str, options: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("HARNESS_CARE__METRICS__URL", options["care"]["metrics"]["url"])
    file = folder / "subject.toml"
    file.write_text(f'owner = "{api.user}"\n{file.read_text()}')
    await add_subject(api.daemon.connection, folder, "ann")
    listed = (await api.viewer.get("/api/v1/care/slos", params={"subject": name})).json()["slos"]
    spent, silent, good = listed
    assert spent["left"] < -80 and spent["bad_share"] > 80
    assert "left" not in {k for k, v in silent.items() if v is not None}
    assert "no events" in silent["message"] and len(silent["burns"]) == 2
    assert (good["left"], good["bad_share"], good["days"]) == (1.0, 0.0, 30)
    assert [each["long_seconds"] for each in good["burns"]] == [3_600, 21_600, 86_400, 259_200]
    invariants = (await api.viewer.get("/api/v1/care/invariants")).json()["invariants"]
    assert len(invariants) == 10 and {each["slo"] for each in invariants} >= {"spent", "good"}
    refused = await api.operator.delete(f"/api/v1/care/invariants/{name}/good-burn-1x")
    assert refused.status_code == 400
    fields = {"subject": name, "name": "a", "query": "up", "operator": "<", "threshold": 1}
    mine = await api.operator.post("/api/v1/care/invariants", json={**fields, "slo": "good"})
    assert mine.status_code == 422 or mine.status_code == 400, mine.text
    unknown = await api.viewer.get("/api/v1/care/slos", params={"subject": "nobody"})
    assert unknown.status_code == 404
    for run in (places.stack, places.daemon):
        text = (await run("care", "slo", "list", name)).out
        assert "overspent" in text and "unknown" in text and "100 %" in text
        shown = (await run("care", "slo", "show", name, "good")).out
        assert "objective: 90 % of the last 30 days" in shown and "1h and 5m" in shown
        one = await run("care", "slo", "show", name, "good", "--json")
        assert one.last["left"] == 1.0
        missing = await run("care", "slo", "show", name, "other")
        assert missing.code == exit_codes.FAILED
        with pytest.raises(UsageError):
            await run("care", "slo", "show", name)


async def test_no_change_is_undone_because_of_a_burn_rate(
    api: Api, folder: Path, name: str
) -> None:
    """It may break after a good repair, by what happened before it."""
    file = folder / "subject.toml"
    file.write_text(f"{file.read_text()}\n{UP}")
    connection = api.daemon.connection
    await add_subject(connection, folder, "ann")
    store = CareStore(connection.database)
    at = time.time()
    held = [(each, Judgement("holds", at, at, None, 1.0)) for each in await store.list_watched()]
    await store.save_judgements(held, 0)
    deployer = Deployer(connection, await find_subject(connection, name))
    assert (await deployer.find_holding()).held == ("up",)


async def test_a_source_that_is_gone_makes_budgets_unknown(
    api: Api, folder: Path, name: str, prometheus: PrometheusServer
) -> None:
    await add_subject(api.daemon.connection, folder, "ann")
    prometheus.kill()
    found = await list_slos(api.daemon.connection, name)
    assert [each.left for each in found] == [None] * 3
    assert all("cannot be reached" in each.message for each in found)
