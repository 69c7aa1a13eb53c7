"""The text of one reply as it is streamed: what was sent cannot be taken back."""

from __future__ import annotations

RESTARTED = "\n\n[The reply was cut off and begins again.]\n\n"
"""Before the reply of an attempt that differs from what was sent, where nothing can be taken
back."""


class LiveText:
    """Turns the text of several attempts at one reply into pieces to send.

    When an attempt is void, the next one usually begins the same way: nothing is sent until it goes
    beyond what was sent. If it differs, nothing more is sent before the whole reply is known.
    """

    def __init__(self) -> None:
        self.length = 0
        """How many characters were sent."""
        self._sent: list[str] = []
        self._again: list[str] | None = None
        """The text of the attempt after a void one, until it has caught up."""
        self._again_length = 0
        self._silent = False

    def add(self, text: str) -> str:
        """The next piece of the reply; returns what to send."""
        if self._silent:
            return ""
        if self._again is None:
            self._note_sent(text)
            return text
        self._again.append(text)
        self._again_length += len(text)
        if self._again_length < self.length:
            return ""
        rest = self._find_rest("".join(self._again))
        self._silent = rest is None
        return rest or ""

    def restart(self) -> None:
        """A new attempt begins: what comes next is the reply from its start."""
        self._silent = False
        self._again = [] if self._sent else None
        self._again_length = 0

    def miss(self) -> None:
        """Text was missed: what comes next is not sent, until the reply is repeated."""
        self._silent = True

    def finish(self, text: str) -> str | None:
        """The whole reply; returns what is left to send, None if something else was sent."""
        return self._find_rest(text)

    def _find_rest(self, text: str) -> str | None:
        sent = "".join(self._sent)
        if not text.startswith(sent):
            return None
        self._again = None
        self._sent = [sent]
        rest = text[len(sent) :]
        self._note_sent(rest)
        return rest

    def _note_sent(self, text: str) -> None:
        if text:
            self._sent.append(text)
            self.length += len(text)
