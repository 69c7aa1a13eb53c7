"""Generates the page's API types from the daemon's OpenAPI document.

python web/schema.py            writes src/api/schema.d.ts
python web/schema.py --check    fails if the file is not what the daemon describes
"""

from __future__ import annotations

import json
import subprocess  # nosec B404
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from harness_daemon.app import make_routes

WEB = Path(__file__).parent
TYPES = WEB / "src" / "api" / "schema.d.ts"


def main() -> int:
    check = "--check" in sys.argv[1:]
    with TemporaryDirectory() as folder:
        document, types = Path(folder, "openapi.json"), Path(folder, "schema.d.ts")
        document.write_text(json.dumps(make_routes().openapi()))
        command = [WEB / "node_modules" / ".bin" / "openapi-typescript", document, "-o", types]
        subprocess.run(command, check=True, capture_output=True, cwd=WEB)  # nosec B603
        written = types.read_text()
    if not check:
        TYPES.write_text(written)
        return 0
    if TYPES.read_text() != written:
        sys.stderr.write("web/src/api/schema.d.ts is not what the daemon describes: make schema\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
