"""What each trial does, from the seed alone: its calls, what is struck where, and what a person who
is asked says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

Point = Literal[
    "prepare",  # the ledger knows nothing yet
    "before",  # the ledger says `begun`, nothing has happened
    "inside",  # it has happened and has not been answered, or its transaction is open
    "after",  # it has happened, the ledger does not know
    "done",  # the ledger says `done`, the engine does not know
    "first",  # the model was asked and has said nothing
    "middle",  # half of its answer is there
    "stays",  # an inline call stays longer than it may, and fails; others wait for their turn
]
TOOL_POINTS: tuple[Point, ...] = ("prepare", "before", "inside", "after", "done")
How = Literal["worker", "twice", "slow", "postgres", "temporal", "supervisor"]
Verdict = Literal["answer", "approve", "reject"]

PROBED, KEYED, ASKED, LEDGERED = "note", "order", "mail", "enter"
WRITES = (PROBED, KEYED, ASKED, LEDGERED)
PREPARED = (PROBED, ASKED)
"""Tools with a prepare function."""
QUICK, STAYS = "glance", "stay"
INLINE = (QUICK, STAYS)
MANY, STAYS_S = 120, 4.0
"""Inline calls of a reply, and how long until the one that stays has failed twice."""
FILES = ("write_file", "edit_file")
"""Built-in ones, on the run's folder."""
TOGETHER = 8
"""Runs that one kill of a server hits, at most."""
DOUBLE, WITH_FILES, LIES, UNDONE, RANDOM_S = 0.15, 0.4, 0.25, 0.4, 1.0


@dataclass(frozen=True)
class Kind:
    title: str
    how: How
    points: tuple[Point, ...]
    share: int
    """Per cent of the trials."""
    random: bool = False
    """Some time after the point, instead of at it."""
    inline: bool = False
    """Its first reply has many inline calls."""

    @property
    def shared(self) -> bool:
        """It hits many runs at once."""
        return self.how in ("postgres", "temporal", "supervisor")


ANYWHERE: tuple[Point, ...] = ("before", "inside", "after", "first", "middle")
KINDS = (
    Kind("worker, before the ledger knows", "worker", ("prepare",), 3),
    Kind("worker, before the effect", "worker", ("before",), 8),
    Kind("worker, inside the effect", "worker", ("inside",), 10),
    Kind("worker, after the effect", "worker", ("after",), 10),
    Kind("worker, after the ledger's done", "worker", ("done",), 10),
    Kind("worker, before the first token", "worker", ("first",), 6),
    Kind("worker, in the middle of the text", "worker", ("middle",), 6),
    Kind("worker, at a random time", "worker", ANYWHERE, 10, random=True),
    Kind("worker, among many inline calls", "worker", ("stays",), 3, random=True, inline=True),
    Kind(
        "worker, after many inline calls", "worker", ("before", "after", "middle"), 3, inline=True
    ),
    Kind("worker, and the next one too", "twice", ANYWHERE, 5),
    Kind("worker, only slow (stopped)", "slow", ("before", "inside", "after"), 8),
    Kind("Postgres", "postgres", ANYWHERE, 8, random=True),
    Kind("Temporal", "temporal", ANYWHERE, 7, random=True),
    Kind("supervisor with both", "supervisor", ANYWHERE, 3, random=True),
)


@dataclass(frozen=True)
class Call:
    tool: str
    arguments: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """Names it in the world; equal calls of a reply share it."""
        return self.arguments[0][1]


@dataclass(frozen=True)
class Strike:
    how: How
    point: Point
    text: str
    """Of the call, or the number of the model's reply."""
    delay_s: float = 0.0


@dataclass(frozen=True)
class Undoing:
    """The run is undone afterwards; its worker is killed in the middle."""

    point: Point
    text: str | None
    """Of the call whose undo is struck. None: some time after the undo was asked for."""
    delay_s: float


@dataclass(frozen=True)
class Trial:
    number: int
    kind: str
    block: int
    """Trials of a block are struck together."""
    replies: tuple[tuple[Call, ...], ...]
    strike: Strike
    lie: Verdict | None
    """What a person says who is asked whether a call happened. None: the truth."""
    late_s: float
    """When the second follower comes."""
    undoing: Undoing | None

    @property
    def calls(self) -> tuple[Call, ...]:
        return tuple(call for reply in self.replies for call in reply)

    @property
    def effects(self) -> tuple[Call, ...]:
        """The calls that the ledger knows."""
        return tuple(call for call in self.calls if call.tool not in INLINE)

    @property
    def files(self) -> bool:
        return any(call.tool in FILES for call in self.calls)

    @property
    def prompt(self) -> str:
        return f"This is trial {self.number}."


def plan(seed: int, trials: int) -> tuple[Trial, ...]:
    """The same for the same seed and number of trials."""
    dealt = Random(f"{seed}/{trials}")
    blocks: list[tuple[Kind, int]] = []
    for kind, count in _counts(trials).items():
        together = TOGETHER if kind.shared else 1
        blocks += [(kind, min(together, count - at)) for at in range(0, count, together)]
    dealt.shuffle(blocks)
    kinds = [(block, kind) for block, (kind, size) in enumerate(blocks) for _ in range(size)]
    struck: dict[str, int] = {}
    made: list[Trial] = []
    for number, (block, kind) in enumerate(kinds, 1):
        turn = struck.get(kind.title, number % len(WRITES))
        struck[kind.title] = turn + 1
        made.append(_trial(Random(f"{seed}/{trials}/{number}"), number, block, kind, turn))
    return tuple(made)


def _counts(trials: int) -> Mapping[Kind, int]:
    """By their shares, each kind at least once."""
    total = sum(kind.share for kind in KINDS)
    counts = {kind: max(1, trials * kind.share // total) for kind in KINDS}
    order = sorted(KINDS, key=lambda kind: -(trials * kind.share % total))
    while sum(counts.values()) != trials:
        short = sum(counts.values()) < trials
        for kind in order if short else sorted(KINDS, key=lambda kind: -counts[kind]):
            if sum(counts.values()) == trials:
                break
            counts[kind] += 1 if short else -1 if counts[kind] else 0
    return counts


def _trial(random: Random, number: int, block: int, kind: Kind, turn: int) -> Trial:
    point = random.choice(kind.points)
    tools = PREPARED if point == "prepare" else WRITES
    target = tools[turn % len(tools)]
    others = random.sample([tool for tool in WRITES if tool != target], 2)
    chosen = [target, *others]
    if random.random() < WITH_FILES:
        chosen.append(random.choice(FILES))
    random.shuffle(chosen)
    calls = [_call(number, place, tool) for place, tool in enumerate(chosen)]
    struck = calls[chosen.index(target)]
    if random.random() < DOUBLE:  # the same call twice in a reply: two effects
        calls.insert(chosen.index(target), struck)
    replies = _replies(random, calls)
    if kind.inline:
        replies = (_inline_calls(number), *replies)
    text = struck.text
    if point in ("first", "middle"):
        text = str(random.randrange(len(replies) + 1))
    if point == "stays":
        text = replies[0][-1].text
    if kind.inline and point == "middle":
        text = str(random.randrange(1, len(replies)))
    if kind.random and point in ("first", "middle"):
        text = str(random.randrange(len(replies)))  # after the last one there may be nothing left
    return Trial(
        number=number,
        kind=kind.title,
        block=block,
        replies=replies,
        strike=Strike(kind.how, point, text, _delay(random, kind)),
        lie=random.choice(get_args(Verdict)) if random.random() < LIES else None,
        late_s=random.random() * 6,
        undoing=_undoing(random, calls) if random.random() < UNDONE else None,
    )


def _delay(random: Random, kind: Kind) -> float:
    longest = STAYS_S if kind.inline else 0.2
    return random.random() * longest if kind.random else 0.0


def _inline_calls(number: int) -> tuple[Call, ...]:
    """The one that stays is the last one, so that what comes before is in history by then."""
    tools = [QUICK] * (MANY - 1) + [STAYS]
    return tuple(Call(tool, (("text", f"{number}.i{at}"),)) for at, tool in enumerate(tools))


def _call(number: int, place: int, tool: str) -> Call:
    text = f"{number}.{place}"
    if tool == "write_file":
        return Call(tool, (("path", f"new/{text}.txt"), ("content", text)))
    if tool == "edit_file":
        return Call(tool, (("path", "plan.txt"), ("old", "draft"), ("new", text)))
    return Call(tool, (("text", text),))


def _replies(random: Random, calls: list[Call]) -> tuple[tuple[Call, ...], ...]:
    """One or two calls each; equal ones stay together."""
    replies: list[tuple[Call, ...]] = []
    rest = list(calls)
    while rest:
        pair = len(rest) > 1 and (rest[0] == rest[1] or random.random() < 0.3)
        if len(rest) > 2 and rest[1] == rest[2]:
            pair = False
        size = 2 if pair else 1
        replies.append(tuple(rest[:size]))
        rest = rest[size:]
    return tuple(replies)


def _undoing(random: Random, calls: list[Call]) -> Undoing:
    own = [call for call in calls if call.tool in WRITES]
    text = random.choice(own).text if random.random() < 0.8 else None
    point: Point = random.choice(("before", "inside", "after"))
    return Undoing(point, text, random.random() * RANDOM_S)
