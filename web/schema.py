"""Generates the page's API types from the daemon's OpenAPI document.

python web/schema.py            writes src/api/schema.d.ts
python web/schema.py --check    fails if the file is not what the daemon describes
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from build import WEB, Npm

from harness_daemon.app import make_routes

TYPES = WEB / "src" / "api" / "schema.d.ts"


def main(arguments: list[str]) -> int:
    written = generate_types()
    if "--check" not in arguments:
        TYPES.write_text(written)
        return 0
    if TYPES.read_text() != written:
        print("web/src/api/schema.d.ts is out of date: python web/schema.py", file=sys.stderr)
        return 1
    return 0


def generate_types() -> str:
    """The types of today's routes, as TypeScript."""
    with TemporaryDirectory() as folder:
        document, types = Path(folder, "openapi.json"), Path(folder, "schema.d.ts")
        document.write_text(json.dumps(make_routes().openapi()))
        Npm(WEB, verbose=False).run(
            "exec", "--", "openapi-typescript", str(document), "-o", str(types)
        )
        return types.read_text()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
