"""Checks the sources of the page: types, lint, format, tests, and that API types are current."""

from __future__ import annotations

import sys

import schema
from build import WEB, BuildFailed, Npm


def main() -> int:
    try:
        Npm(WEB, verbose=True).run("run", "--silent", "check")
    except BuildFailed as error:
        print(error, file=sys.stderr)
        return 1
    return schema.main(["--check"])


if __name__ == "__main__":
    raise SystemExit(main())
