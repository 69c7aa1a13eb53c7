"""Build Loki from its Go module, once: `make loki`. The demo of care and the tests find it in the
user's cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from harness.care.demo.log_store import VERSION, built_loki, loki_version

PACKAGE = "github.com/grafana/loki/v3"
HERE = Path(__file__).parent
GO_MISSING = (
    "Loki is compiled with Go 1.26 or newer, and `go` is not on PATH. Install it: apt-get install "
    "golang-go where Debian has that version, otherwise from https://go.dev/dl/."
)


def main() -> int:
    target = built_loki()
    if loki_version(target) == VERSION:
        print(f"Loki {VERSION} is built: {target}")
        return 0
    if shutil.which("go") is None:
        print(GO_MISSING, file=sys.stderr)
        return 1
    print(f"Building Loki {VERSION} from its Go module: about 2 minutes, once ...", flush=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"loki.{os.getpid()}")
    command = [
        "go", "build", "-mod=readonly", "-trimpath", "-buildvcs=false",
        "-ldflags", f"-s -w -X {PACKAGE}/pkg/util/build.Version={VERSION}",
        "-o", str(draft), f"{PACKAGE}/cmd/loki",
    ]  # fmt: skip
    try:
        # Go checks each module against go.sum.
        if subprocess.run(command, cwd=HERE, check=False).returncode != 0:
            print("Loki could not be built; Go says why above.", file=sys.stderr)
            return 1
        if loki_version(draft) != VERSION:
            print(f"What was built is not Loki {VERSION}.", file=sys.stderr)
            return 1
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    print(f"Built {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
