"""Checks the sources of the page: types, lint, format, tests, and what is generated."""

from __future__ import annotations

import sys

import generate
from build import WEB, BuildFailed, Npm


def main() -> int:
    try:
        Npm(WEB, verbose=True).run("run", "--silent", "check")
    except BuildFailed as error:
        print(error, file=sys.stderr)
        return 1
    return generate.main(["--check"])


if __name__ == "__main__":
    raise SystemExit(main())
