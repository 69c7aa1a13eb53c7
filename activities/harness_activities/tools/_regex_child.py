"""The process of `regex_process`: run by its path, so it imports nothing but the standard library.

Reads blocks of 4 bytes of length and content: the pattern first, then for each file how many lines
are wanted, and its content. Answers each with a line of JSON.
"""

import json
import re
import sys

MEMORY = 1 << 30


def limit(seconds: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows; the parent's timer is left
        return
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def receive() -> bytes:
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        sys.exit()  # the parent is gone
    return sys.stdin.buffer.read(int.from_bytes(head, "big"))


def answer(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def find(pattern: "re.Pattern[str]", content: str, most: int) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for number, line in enumerate(content.splitlines(), 1):
        if pattern.search(line):
            found.append((number, line[:1000]))
            if len(found) >= most:
                break
    return found


def main() -> None:
    limit(int(sys.argv[1]))
    asked = json.loads(receive())
    try:
        pattern = re.compile(asked["pattern"], re.IGNORECASE if asked["ignore_case"] else 0)
    except (re.error, RecursionError, OverflowError) as error:
        answer(str(error))
        return
    answer(None)
    while True:
        most = json.loads(receive())["most"]
        answer(find(pattern, receive().decode(errors="replace"), most))


if __name__ == "__main__":
    main()
