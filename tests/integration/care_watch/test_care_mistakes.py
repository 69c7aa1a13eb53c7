"""What `harness care` says to mistakes, and what its audit cannot find or write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.cli.parser import UsageError
from harness.contracts.queues import capability_queue
from harness.engine.connection import get_identity
from harness.engine.schedules import delete_schedule
from harness.store.store_id import get_store_id
from harness.terminal import exit_codes
from tests.fakes.inline_command import Inline, run_inline
from tests.fakes.runs import eventually
from tests.integration.api.conftest import Api
from tests.integration.remote.conftest import Places

SAID: tuple[tuple[tuple[str, ...], str], ...] = (
    (("query", "up", "--since", "500d"), "--since must be at most 90d."),
    (("query", "up", "--limit", "-3"), "--limit must be at least 1."),
    (("query", "up", "--compare", "5m"), "--compare needs curves."),
    (("query", "up", "--since", "5m", "--compare", "1h"), "--compare must be within --since"),
    (("query", "up", "--since", "5m", "--compare", "5m"), "--compare must be within --since"),
    (("query", "up", "--since", "5m", "--compare", "0m"), "--compare must be within --since"),
    (("query", "up", "--related", "up"), "--related needs curves."),
    (("invariant", "add", "api", "A b", "up", "<", "1"), "NAME must begin with a small letter"),
    (("invariant", "add", "api", "a", "up", "<", "abc"), "THRESHOLD must be a number."),
    (
        ("invariant", "add", "api", "a", "up", "<", "3", "--recover", "4"),
        "--recover must be at most the threshold, 3",
    ),
    (
        ("invariant", "add", "api", "a", "up", ">=", "3", "--recover", "2"),
        "--recover must be at least the threshold, 3",
    ),
    (
        ("invariant", "add", "api", "a", "up", "==", "3", "--recover", "2"),
        "--recover has no meaning with ==.",
    ),
    (
        ("invariant", "add", "api", "a", "up", "<", "3", "--for", "soon"),
        "--for must be a duration, not 'soon'.",
    ),
    (
        ("invariant", "add", "api", "a", "up", "<", "3", "--keep", "-5"),
        "--keep must be a duration, not '-5'.",
    ),
    (
        ("invariant", "add", "api", "a", "up", "<", "3", "--window", "2d"),
        "--window must be at most 1d.",
    ),
    (("ticket", "comment", "0" * 16, ""), "TEXT must not be empty."),
    (("ticket", "open", "api", ""), "TITLE must not be empty."),
    (("ticket", "open", "api", "x" * 301), "TITLE must have at most 300 characters."),
    (("ticket", "resolve", "0" * 16, "--why", "x" * 2_001), "--why must have at most 2,000"),
    (("ticket", "--limit", "0"), "--limit must be at least 1."),
    (("audit", "--limit", "0"), "--limit must be at least 1."),
    (("silence", "--for", "1h"), "--for goes with a SUBJECT."),
    (("silence", "--reason", "x"), "--reason goes with a SUBJECT."),
    (("silence", "api", "--end", "x"), "--end takes no SUBJECT."),
    (("silence", "api", "--for", "banana"), "--for must be a duration, not 'banana'."),
    (("silence", "api", "--for", "31d", "--reason", "x"), "--for must be at most 30d."),
)


@pytest.fixture
def care(places: Places, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("HARNESS_CARE__METRICS__URL", options["care"]["metrics"]["url"])
    return places


async def test_mistakes_are_said_in_the_words_of_the_command(care: Places) -> None:
    for words, said in SAID:
        with pytest.raises(UsageError) as refused:
            await care.stack("care", *words)
        assert refused.value.message.startswith(said), refused.value.message
    with pytest.raises(UsageError, match="--end needs a FAULT"):
        await run_inline("care", "break", "--end")
    for words in (("break", "crash"), ("traffic",)):
        nowhere = await run_inline("care", *words)
        assert nowhere.error and "is not the folder of a care demo" in nowhere.error["message"]


async def test_the_audit_says_whose_act_it_was_and_what_it_cannot_write(
    care: Places, subject_folder: Path, name: str, tmp_path: Path
) -> None:
    await care.stack("care", "subject", "add", str(subject_folder))
    by = ("care", "audit", "--by", get_identity(), "--json")
    assert [each["action"] for each in (await care.stack(*by)).lines] == ["subject_added"]
    for option in ("--ticket", "--subject"):
        unknown = await care.stack("care", "audit", option, "nope")
        assert unknown.error and "'nope'" in unknown.error["message"], unknown
    made = await care.stack("care", "ticket", "open", name, "It is :fire: slow", "--json")
    raised = await care.stack("care", "ticket", "priority", made.last["id"], "urgent")
    assert "priority urgent" in raised.out
    assert "It is :fire: slow" in (await care.stack("care", "ticket")).out, "no emoji"
    assert "page: http" in (await care.daemon("care", "ticket", "show", made.last["id"])).out
    assert "{" not in (await care.stack("care", "audit", "--ticket", made.last["id"])).out
    for place in ("/nope/x.csv", "/dev/full"):
        lost = await care.stack("care", "audit", "--export", place)
        assert lost.error and f"{place} cannot be written" in lost.error["message"], lost
    words = ("care", "audit", "--export", str(tmp_path / "audit.csv"))
    for options in ((), ("--force",)):
        assert (await care.stack(*words, *options)).code == exit_codes.DONE
    with pytest.raises(UsageError, match="already exists"):
        await care.stack(*words)


async def test_status_fails_if_nobody_evaluates(
    care: Places, api: Api, subject_folder: Path, name: str
) -> None:
    connection, database = api.daemon.connection, api.daemon.connection.database
    whole = subject_folder / "subject.toml"
    head, first, *_ = whole.read_text().split("[[invariant]]")
    whole.write_text(f"{head}[[invariant]]{first}")  # the one that holds
    await care.stack("care", "subject", "add", str(subject_folder))

    async def read() -> Inline:
        return await care.stack("care", "status")

    await eventually(read, lambda found: "1 holds" in found.out, 40)
    queue = capability_queue("care_watch", await get_store_id(database))
    await delete_schedule(connection.temporal, queue)

    async def age() -> Inline:  # an evaluation that is under way may still end
        await database.fetch("UPDATE harness_care.judgement SET at = at - 3600 RETURNING 1")
        return await read()

    failed = await eventually(age, lambda found: found.code == exit_codes.FAILED, 40)
    assert "Evaluations are overdue: the last evaluation was 1h ago" in failed.out
