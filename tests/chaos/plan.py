"""What each run of a campaign meets: decided by the seed alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from tests.chaos.faults import FATAL, LASTING, PASSING

Moment = Literal["first", "half", "end"]
MOMENTS: tuple[Moment, ...] = ("half", "end", "first")
KINDS = {
    "openai": "openai", "anthropic": "anthropic", "compat": "chat", "gemini": "gemini",
    "mistral": "mistral", "down": "chat",
}  # fmt: skip
"""Providers of the campaign, and the protocols that they speak."""
DOWN = "down"
"""The provider that never answers well."""
FRUGAL = "frugal"
"""The agent whose runs share the budget of a day, which is too small."""
DOOMED = "doomed"
PLANS: dict[str, tuple[str, ...]] = {
    "wide": ("openai", "anthropic", "compat"),
    "other": ("gemini", "mistral", "openai"),
    "pair": ("anthropic", "gemini"),
    "plain": ("compat",),
    FRUGAL: ("openai", "mistral"),
    "hopeful": (DOWN, "anthropic", "mistral"),
    DOOMED: (DOWN,),
}
"""The agents, with the candidates of their plans."""
SHARED = ("wide", "hopeful")
"""Agents whose runs have a budget that they share with those they start, large enough."""
TOOLS = ("order", "enter")


@dataclass(frozen=True)
class Step:
    """A turn of a run until the answer that moves it on."""

    tool: str | None
    """What the model calls; None: it answers."""
    faults: dict[str, tuple[str, ...]]
    """What the first requests to each provider meet."""
    stays: dict[str, str]
    """What all later ones meet."""


@dataclass(frozen=True)
class Run:
    number: int
    agent: str
    steps: tuple[Step, ...]

    @property
    def candidates(self) -> tuple[str, ...]:
        return PLANS[self.agent]

    @property
    def doomed(self) -> bool:
        return self.agent == DOOMED


@dataclass(frozen=True)
class Kill:
    """A worker dies while it waits for an answer."""

    after: int
    """Requests that came before."""
    moment: Moment


@dataclass(frozen=True)
class Plan:
    seed: int
    runs: tuple[Run, ...]
    kills: tuple[Kill, ...] = ()
    tag: str = "chaos"
    """In the names of agents, providers and runs, so that campaigns can share a database."""
    requests: int = 60
    """Each provider's limit in a minute."""
    tokens: int = 30_000
    budget: int = 40_000
    """Tokens that the frugal runs share, until more is granted."""
    by_number: dict[int, Run] = field(default_factory=dict[int, Run])

    def __post_init__(self) -> None:
        self.by_number.update({run.number: run for run in self.runs})


@dataclass
class _Deck:
    """Deals every card once before any comes again, so that no kind of fault is left out."""

    cards: tuple[str, ...]
    chance: random.Random
    _left: list[str] = field(default_factory=list[str])

    def deal(self) -> str:
        if not self._left:
            self._left = self.chance.sample(self.cards, len(self.cards))
        return self._left.pop()


def make_plan(seed: int, runs: int, kills: int, **more: int | str) -> Plan:
    chance = random.Random(seed)
    agents = [name for name in PLANS if name != DOOMED or runs >= 50]
    decks = {cards: _Deck(cards, chance) for cards in (PASSING, LASTING, FATAL)}
    made = tuple(
        _make_run(number, agents[number % len(agents)], chance, decks) for number in range(runs)
    )
    expected = sum(len(run.steps) for run in made)
    # The first tenth is left out, since not all workers have come up.
    places = sorted(chance.randint(expected // 10, expected * 3 // 4) for _ in range(kills))
    struck = tuple(Kill(at, MOMENTS[n % len(MOMENTS)]) for n, at in enumerate(places))
    return Plan(seed, made, struck, **more)  # type: ignore[arg-type]


def _make_run(
    number: int, agent: str, chance: random.Random, decks: dict[tuple[str, ...], _Deck]
) -> Run:
    turns = 1 if agent == DOOMED else chance.randint(2, 4)
    tools: list[str | None] = [chance.choice(TOOLS) for _ in range(turns)]
    steps = tuple(_make_step(tool, agent, chance, decks) for tool in [*tools, None])
    return Run(number, agent, steps)


def _make_step(
    tool: str | None, agent: str, chance: random.Random, decks: dict[tuple[str, ...], _Deck]
) -> Step:
    faults: dict[str, tuple[str, ...]] = {}
    stays: dict[str, str] = {}
    for provider in PLANS[agent]:
        if provider == DOWN:
            stays[provider] = chance.choice(("503", "dropped before an answer", "500"))
            continue
        faults[provider] = tuple(_draw(decks[PASSING], chance))
        luck = chance.random()
        if luck < 0.03:
            stays[provider] = decks[FATAL].deal()
        elif luck < 0.12:
            stays[provider] = decks[LASTING].deal()
    return Step(tool, faults, stays)


def _draw(deck: _Deck, chance: random.Random) -> Iterator[str]:
    # Five failures in a row make a worker leave a provider alone for 15 s: with more faults, a
    # campaign would mostly wait for that.
    for likely in (0.35, 0.2):
        if chance.random() > likely:
            return
        yield deck.deal()
