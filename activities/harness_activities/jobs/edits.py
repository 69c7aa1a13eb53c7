"""Replace a passage of a file's content."""

from __future__ import annotations


def replace_text(
    content: bytes, *, path: str, old: str, new: str, everywhere: bool, most: int
) -> bytes:
    wanted, other = old.encode(errors="replace"), new.encode(errors="replace")
    times = content.count(wanted) if wanted else 0
    if times == 0:
        raise ValueError(f"{path} does not contain this text: {old[:200]!r}. Read it again.")
    if times > 1 and not everywhere:
        raise ValueError(
            f"{path}: the text matches {times} times: pass a longer passage, or everywhere=true."
        )
    size = len(content) + times * (len(other) - len(wanted))
    if size > most:
        raise ValueError(f"{path} would grow to {size:,} bytes; the limit is {most:,}.")
    return content.replace(wanted, other)
