"""How much of the evidence for LoCoMo's questions the memories recall, without any model call.

    python -m venv /tmp/peers && /tmp/peers/bin/pip install bm25s PyStemmer
    python -m bench.recall locomo10.json --python /tmp/peers/bin/python [--half dev]

Each turn of a dialogue becomes a memory of an owner of its own, through the client, in a real
Postgres with pgvector and the offline embedder. Each question is searched; recall@10 is the share
of its evidence turns among the first ten. All contestants read the same texts, and both vector
searches the same vectors. The weights of the ranking were chosen on the half `dev` (every second
conversation, from the first); `held-out`, the default, was not looked at for that.

The peer is bm25s (PyPI) with its English stop words and the Snowball stemmer: a published ranking
that needs no model. Embedding takes most of the time; `--vectors` keeps vectors between runs.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
import subprocess  # nosec B404 - runs the interpreter that the caller names
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from statistics import mean
from typing import Any

import uvloop

from bench.agents import ground
from harness.embeddings.embedder import Purpose
from harness.engine.connection import Connection
from harness.memory.checked import shared_by
from harness.memory.client import Memories
from harness.memory.rows import Origin
from harness.memory.vectors import Vectors
from harness.memory.writing import Fact
from harness.store.database import Database

TOP = 10
HALVES = {"dev": (0, 2), "held-out": (1, 2), "all": (0, 1)}
EVIDENCE = re.compile(r"D:?(\d+):0*(\d+)")
KINDS = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
FULL_TEXT = """
SELECT place FROM bench_turn, to_tsquery('english', %(query)s) query
WHERE talk = %(talk)s AND words @@ query ORDER BY ts_rank(words, query) DESC, place LIMIT 10
"""
PEER = """
import json, sys, bm25s, Stemmer
stem = Stemmer.Stemmer("english")
def split(texts):
    return bm25s.tokenize(texts, stopwords="en", stemmer=stem, show_progress=False)
for line in sys.stdin:
    texts, questions = json.loads(line)
    index = bm25s.BM25()
    index.index(split(texts), show_progress=False)
    found = [index.retrieve(split(q), k=10, show_progress=False)[0][0].tolist() for q in questions]
    print(json.dumps(found), flush=True)
"""


@dataclass(frozen=True)
class Question:
    text: str
    category: int
    evidence: frozenset[int]
    """The places of the turns."""


@dataclass(frozen=True)
class Talk:
    name: str
    turns: list[str]
    times: list[float]
    questions: list[Question]


class KeptVectors(Vectors):
    """The real embedder, whose vectors are kept in a folder."""

    folder: Path | None = None

    async def embed(
        self, database: Database, texts: Sequence[str], purpose: Purpose
    ) -> list[str] | None:
        if self.folder is None or not self.name:
            return await super().embed(database, texts, purpose)
        digest = hashlib.sha256(json.dumps([self.name, purpose, *texts]).encode()).hexdigest()
        file = self.folder / f"{digest[:32]}.json"
        if file.exists():
            return json.loads(file.read_text())
        made = await super().embed(database, texts, purpose)
        file.write_text(json.dumps(made))
        return made


def read_talk(sample: dict[str, Any]) -> Talk:
    said, turns, times, places = (
        sample["conversation"],
        list[str](),
        list[float](),
        dict[str, int](),
    )
    number = 1
    while (when := said.get(f"session_{number}_date_time")) is not None:
        moment = datetime.strptime(when, "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC).timestamp()
        for turn in said.get(f"session_{number}", ()):
            shown = turn.get("blip_caption")
            text = f"{turn['speaker']}: {turn['text']}"
            places[turn["dia_id"]] = len(turns)
            turns.append(f"{text} [shared a picture: {shown}]" if shown else text)
            times.append(moment)
        number += 1
    questions: list[Question] = []
    for each in sample["qa"]:
        named = [f"D{a}:{b}" for one in each.get("evidence", ()) for a, b in EVIDENCE.findall(one)]
        evidence = frozenset(places[id] for id in named if id in places)
        if evidence:
            questions.append(Question(each["question"], each["category"], evidence))
    return Talk(sample["sample_id"], turns, times, questions)


class Contest:
    """Stores the turns of a talk, and asks each contestant the questions."""

    def __init__(self, connection: Connection, python: str | None) -> None:
        self._connection, self._python = connection, python
        self.recalls: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
        self.took: list[float] = []

    async def run(self, talk: Talk) -> None:
        memories = Memories(self._connection, talk.name)
        facts = [
            Fact(
                text=text, lane="owner",
                origin=Origin(source="tool", trust="said", made=when, valid_from=when),
            )
            for text, when in zip(talk.turns, talk.times, strict=True)
        ]  # fmt: skip
        written = await memories.add_all(facts)
        # A turn that repeats another one is not added again: both places have its memory.
        places: dict[str, set[int]] = defaultdict(set)
        for place, each in enumerate(written):
            places[each.id].add(place)
        await self._fill_full_text(talk)
        for question in talk.questions:
            begun = time.process_time()
            found = await memories.search(question.text, limit=TOP)
            self.took.append((time.process_time() - begun) * 1e3)
            self._note("ours", question, {n for each in found for n in places[each.id]})
            self._note("plain full-text", question, await self._search_full_text(talk, question))
            ids = await self._search_vectors(talk, question)
            self._note("plain vectors", question, {n for id in ids for n in places[id]})
        if self._python is not None:
            asked = json.dumps([talk.turns, [each.text for each in talk.questions]])
            command = [self._python, "-c", PEER]
            answered = await asyncio.to_thread(_ask_peer, command, asked)
            for question, found in zip(talk.questions, json.loads(answered), strict=True):
                self._note("bm25s", question, set(found))

    def _note(self, who: str, question: Question, found: set[int]) -> None:
        recall = len(question.evidence & found) / len(question.evidence)
        self.recalls[who][question.category].append(recall)

    async def _fill_full_text(self, talk: Talk) -> None:
        async with self._connection.database.connection() as opened:
            await opened.execute(
                "CREATE TABLE IF NOT EXISTS bench_turn (talk text, place int, words tsvector)"
            )
            for place, text in enumerate(talk.turns):
                await opened.execute(
                    "INSERT INTO bench_turn VALUES (%s, %s, to_tsvector('english', %s))",
                    (talk.name, place, text),
                )

    async def _search_full_text(self, talk: Talk, question: Question) -> set[int]:
        """Any of the words: all of them are hardly ever in one turn."""
        words = " | ".join(re.findall(r"\w+", question.text))
        rows = await self._connection.database.fetch(FULL_TEXT, {"query": words, "talk": talk.name})
        return {place for (place,) in rows}

    async def _search_vectors(self, talk: Talk, question: Question) -> list[str]:
        database = self._connection.database
        made = await shared_by(self._connection).vectors.embed(database, [question.text], "query")
        rows = await database.fetch(
            "SELECT e.id FROM harness_memory.embedding m JOIN harness_memory.entry e "
            "USING (namespace, owner, seq) WHERE m.owner = %s "
            "ORDER BY m.vector <#> %s::vector LIMIT 10",
            (talk.name, (made or [""])[0]),
        )
        return [id for (id,) in rows]


def _ask_peer(command: list[str], asked: str) -> str:
    done = subprocess.run(command, input=asked, stdout=subprocess.PIPE, text=True, check=True)  # nosec B603
    return done.stdout


def show(recalls: dict[str, dict[int, list[float]]]) -> None:
    print("| recall@10 | all | " + " | ".join(KINDS.values()) + " |")
    print("|---|" + "---|" * (len(KINDS) + 1))
    means = {
        who: [mean(chain.from_iterable(found.values())), *(mean(found[kind]) for kind in KINDS)]
        for who, found in recalls.items()
    }
    for who, cells in sorted(means.items(), key=lambda each: -each[1][0]):
        print(f"| {who} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |")


async def main(chosen: argparse.Namespace) -> None:
    start, step = HALVES[chosen.half]
    talks = [read_talk(each) for each in json.loads(chosen.file.read_text())[start::step]]
    async with ground() as base, base.client() as harness:
        connection = harness.connection
        shared = shared_by(connection)
        vectors = shared.vectors = KeptVectors(connection.settings, encrypts=False)
        await vectors.embed(connection.database, ["warm"], "query")
        if not vectors.name:
            raise SystemExit(f"No vectors: {vectors.problem}")
        vectors.folder = chosen.vectors
        contest = Contest(connection, chosen.python)
        for talk in talks:
            await contest.run(talk)
    turns, asked = sum(len(each.turns) for each in talks), len(contest.took)
    print(f"{chosen.half}: {len(talks)} conversations, {turns:,} turns, {asked:,} questions\n")
    show(contest.recalls)
    print(f"\nCPU of a search here, with its embedding unless kept: {mean(contest.took):.1f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--python", help="An interpreter that has bm25s and PyStemmer.")
    parser.add_argument("--half", choices=HALVES, default="held-out")
    parser.add_argument("--vectors", type=Path, help="An existing folder.")
    uvloop.run(main(parser.parse_args()))
