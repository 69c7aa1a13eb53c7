"""Which attempts at a model call were cut off, and how much text each had sent by then.

A failed attempt is in the attempt log; one whose worker was killed or stopped is not. The text it
had sent is in the live output, which is kept for a while.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.contracts.errors import StoreError
from harness.crypto.vault import PLAIN, TEXT_MARK, Vault
from harness.store.database import Database
from harness.store.live.writer import place_of_live

LOGGED = "SELECT attempt FROM harness.attempt WHERE run_id = %s AND activity = %s"
LAST_TEXTS = """
SELECT DISTINCT ON (attempt) attempt, pos, text FROM harness.live_output
WHERE run = %s AND scheduled = %s AND turn = %s AND call = %s AND attempt <= %s AND pos >= 0
ORDER BY attempt, pos DESC
"""


@dataclass(frozen=True, kw_only=True)
class CallPlace:
    """A model call as Temporal and the live output identify it."""

    run: str
    run_id: str
    activity: str
    scheduled: int
    """Microseconds since the epoch."""
    turn: int
    call: int


class CutAttempts:
    def __init__(self, database: Database, vault: Vault = PLAIN) -> None:
        self._database = database
        self._vault = vault

    async def measure_texts(self, place: CallPlace, attempt: int, tries: int) -> list[int]:
        """Count the characters that each attempt before `attempt` had sent when it was cut off.
        Live text numbers the candidates of an attempt, up to `tries` of them."""
        logged = await self._database.fetch(LOGGED, (place.run_id, place.activity))
        texts = await self._fetch_lengths(place, (attempt - 1) * tries)
        spoke = {(number - 1) // tries + 1 for number in texts}
        silent = set(range(1, attempt)) - {number for (number,) in logged} - spoke
        return [*texts.values(), *(0 for _ in silent)]

    async def _fetch_lengths(self, place: CallPlace, newest: int) -> dict[int, int]:
        key = (place.run, place.scheduled, place.turn, place.call)
        rows = await self._database.fetch(LAST_TEXTS, (*key, newest))
        return {
            number: pos + await self._measure_text(text, place_of_live(*key, number, pos))
            for number, pos, text in rows
        }

    async def _measure_text(self, text: str, place: bytes) -> int:
        if not self._vault.encrypts and not text.startswith(TEXT_MARK):
            return len(text)
        try:
            return len(await self._vault.decrypt_text(text, place))
        except StoreError:  # planted, or written by a process with another key
            return 0
