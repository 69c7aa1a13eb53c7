"""Acts of many sources, newest first, however they are cut into pages."""

from __future__ import annotations

import csv
import io
import math
import random
import re
from collections.abc import AsyncGenerator, Sequence

from harness.activity import merge
from harness.activity.csv_page import write_csv
from harness.activity.merge import TOP, Item, Place, merge_acts
from harness.activity.views import Act, time_of

SEED = 11
STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
HIDDEN = ' "\v\u00a0\u200b\ufeff'


def act(at: float, id: str, **more: str) -> Act:
    return Act(id=id, at=time_of(at), kind="hint", **more)


class Runs:
    """Runs with acts, as one source."""

    def __init__(self, runs: Sequence[tuple[float, Sequence[Act]]]) -> None:
        self.runs: list[tuple[float, Sequence[Act]]] = sorted(runs, key=lambda each: -each[0])
        self.loads = 0

    async def items(self) -> AsyncGenerator[Item]:
        for latest, acts in self.runs:

            async def load(acts: Sequence[Act] = acts) -> Sequence[Act]:
                self.loads += 1
                return acts

            yield Item(latest, load)


def random_runs(dice: random.Random, name: str, count: int) -> list[tuple[float, Sequence[Act]]]:
    runs: list[tuple[float, Sequence[Act]]] = []
    for number in range(count):
        end = dice.randrange(1, 200)
        times = [dice.randrange(0, end + 1) for _ in range(dice.randrange(0, 5))]
        acts = [act(at, f"{name}{number}/{place}") for place, at in enumerate(times)]
        runs.append((math.inf if dice.random() < 0.1 else end, acts))
    return runs


async def read_all(*sources: Runs, limit: int) -> list[Act]:
    found, place = list[Act](), TOP
    for _ in range(10_000):
        page = await merge_acts(
            [each.items() for each in sources], lambda _: True, limit=limit, place=place
        )
        assert len(page.acts) <= limit and not page.incomplete
        found += page.acts
        if page.next is None:
            return found
        assert page.next < place, "each page goes on"
        place = page.next
    raise AssertionError("no end")


async def test_every_act_comes_once_and_in_order() -> None:
    dice = random.Random(SEED)
    sources = [Runs(random_runs(dice, name, 12)) for name in "abc"]
    sources.append(Runs(sources[0].runs[:5]))  # the same acts may come from two sources
    found = {each.id: each for run in sources for _, acts in run.runs for each in acts}
    want = sorted(found.values(), key=lambda each: each.place, reverse=True)
    for limit in (1, 5, 500):
        assert await read_all(*sources, limit=limit) == want


async def test_a_page_reads_no_more_than_it_needs() -> None:
    ended = Runs([(at, [act(at, str(at))]) for at in range(1000)])
    page = await merge_acts([ended.items()], lambda _: True, limit=10)
    assert [each.id for each in page.acts] == [str(at) for at in range(999, 989, -1)]
    assert ended.loads <= 2 * merge.BATCH
    rare = await merge_acts([ended.items()], lambda each: each.id == "3", limit=10)
    assert (rare.acts, rare.incomplete) == ([], False) and rare.next is not None
    assert merge.MOST_ITEMS <= ended.loads <= merge.MOST_ITEMS + 4 * merge.BATCH
    wanted = await merge_acts([ended.items()], lambda _: True, limit=10, since=995)
    assert len(wanted.acts) == 5 and wanted.next is None


async def test_more_open_runs_than_one_request_reads() -> None:
    open_runs = Runs([(math.inf, [act(at, str(at))]) for at in range(merge.MOST_ITEMS + 50)])
    page = await merge_acts([open_runs.items()], lambda _: True, limit=10)
    assert page.incomplete and len(page.acts) == 10
    assert page.next == Place(*page.acts[-1].place)
    none = await merge_acts([open_runs.items()], lambda _: False, limit=10)
    assert none == ([], None, True)


def test_csv_runs_no_formula() -> None:
    hostile = [
        '=HYPERLINK("http://evil.example","x")', "+1+1", "-2", "@SUM(A1)", "\tx", "\r=1",
        "  =1", 'a"b,c\r\nd', "\0=1", "plain", "x;=1", "x;-1;\t =1", "x\t=1", "a\n+1", ';"=1',
        "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20A", "x; \uff1d1", "\u00a0=1", "\u200b=1",
        "\ufeff=1", '"=1', "\v=1", "';=1", "a;;=1",
    ]  # fmt: skip
    acts = [act(1, str(n), detail=text, by=text) for n, text in enumerate(hostile)]
    text = write_csv(acts)
    assert text.startswith('"at","kind","by","run","subject","detail","id"\r\n')
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == len(hostile)
    for row, given in zip(rows, hostile, strict=True):
        for cell in (row["detail"], row["by"]):
            assert not cell.lstrip(" ").startswith(("\t", "\r", "\n"))
            for part in re.split("[;\t\r\n]", cell):  # other spreadsheets cut here, quoted or not
                assert not part.strip(HIDDEN).startswith(STARTS), cell
            assert given.replace("\0", "\ufffd").replace("'", "") == cell.replace("'", "")
    plain = "two; words, 3 - 1 = 2; a@b"
    (row,) = csv.DictReader(io.StringIO(write_csv([act(1, "1", detail=plain)]), newline=""))
    assert row["detail"] == plain
    long = "\t" * 200_000 + ";" * 200_000 + " " * 200_000
    assert write_csv([act(1, "1", detail=long)])
