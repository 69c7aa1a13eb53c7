"""What the undos of a run have undone, as their histories say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.agent.key import sent_key
from harness.care.audit.sources import Source, list_activities
from harness.contracts.effect import Compensate, Compensated
from harness.journal import Execution


@dataclass
class Undos:
    """Which calls the undos of a run have undone, by the keys of the ledger."""

    sources: Sequence[Source]
    tried: set[str] = field(default_factory=set[str])
    done: Counter[str] = field(default_factory=Counter[str])
    """How often each was undone: a call that is made again has another key then."""

    def __post_init__(self) -> None:
        for source in self.sources:
            self._read(source.executions)

    @property
    def is_whole(self) -> bool:
        """Whether all of them could be read."""
        return all(source.executions for source in self.sources)

    def has_tried(self, change: str) -> bool:
        """Whether the change of this id was to be undone."""
        return any(
            change == sent_key(key, undos)
            for key in self.tried
            for undos in range(self.done[key] + 1)
        )

    def has_undone(self, change: str) -> bool:
        """Whether the change of this id was undone."""
        return any(
            change == sent_key(key, undos)
            for key, count in self.done.items()
            for undos in range(count)
        )

    def _read(self, executions: Sequence[Execution]) -> None:
        for each in list_activities(executions):
            if each.name != "compensate":
                continue
            key = Compensate.model_validate_json(each.request).key
            self.tried.add(key)
            if each.result is not None:
                is_done = Compensated.model_validate_json(each.result).obstacle is None
                self.done[key] += is_done
