"""The keys of a chat, besides those of every line editor."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent


def bind_keys(
    buffer: Buffer, on_interrupt: Callable[[], None], on_leave: Callable[[], None]
) -> KeyBindings:
    """Enter submits, Alt-Enter or a backslash before Enter begins a line, Ctrl-C stops, Ctrl-D on
    an empty line leaves."""
    keys = KeyBindings()

    @keys.add("enter")
    def submit(event: KeyPressEvent) -> None:
        del event
        state = buffer.complete_state
        if state is not None and state.current_completion is not None:
            buffer.complete_state = None
        elif buffer.document.text_before_cursor.endswith("\\"):
            buffer.delete_before_cursor()
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def break_line(event: KeyPressEvent) -> None:
        del event
        buffer.insert_text("\n")

    @keys.add("tab")
    def complete(event: KeyPressEvent) -> None:
        del event
        found = list(buffer.completer.get_completions(buffer.document, CompleteEvent()))
        if len(found) == 1:  # at once: what is typed next must not be too early for it
            buffer.cancel_completion()
            buffer.apply_completion(found[0])
        elif buffer.complete_state is not None:
            buffer.complete_next()
        elif found:
            buffer.start_completion()

    @keys.add("c-c")
    def interrupt(event: KeyPressEvent) -> None:
        del event
        on_interrupt()

    @keys.add("c-d")
    def leave(event: KeyPressEvent) -> None:
        del event
        buffer.delete() if buffer.text else on_leave()

    return keys
