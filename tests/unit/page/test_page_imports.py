"""The check of the page's imports finds what it is for."""

from __future__ import annotations

from pathlib import Path

from tests.check_page_imports import find_unused_exports, find_wrong_imports


def write(sources: Path, **files: str) -> None:
    for name, text in files.items():
        file = sources / f"{name.replace('__', '/')}.ts"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def test_a_layer_imports_those_before_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        main='import "@/routes/runs/index";\nimport { useState } from "react";\n',
        routes__runs__index='import { Frame } from "@/shell/frame";\nimport { a } from "./-a";\n',
        routes__chat__panel="export {};\n",
    )
    write(tmp_path, shell__frame="export const Frame = 0;\n", **{"routes__runs__-a": ""})
    assert list(find_wrong_imports(tmp_path)) == []


def test_wrong_imports_are_found(tmp_path: Path) -> None:
    write(
        tmp_path,
        api__client="export {};\n",
        ui__button='import { api } from "@/api/client";\n',
        shell__frame='const Panel = lazy(() => import("@/routes/chat/panel"));\n',
        routes__chat__panel="export {};\n",
        routes__runs__index='import {\n  Panel,\n} from "../chat/panel";\n',
    )
    found = list(find_wrong_imports(tmp_path))
    assert [line.partition(":")[0] for line in found] == [
        "web/src/routes/runs/index.ts imports routes/chat/panel.ts",
        "web/src/shell/frame.ts imports routes/chat/panel.ts",
        "web/src/ui/button.ts imports api/client.ts",
    ]


def test_cycles_are_found(tmp_path: Path) -> None:
    write(
        tmp_path,
        parts__a='import type { B } from "./b";\n',
        parts__b='export { a } from "./a";\n',
    )
    [found] = find_wrong_imports(tmp_path)
    assert "cycle" in found
    assert "parts/a.ts imports parts/b.ts" in found


def test_exports_that_nothing_imports_are_found(tmp_path: Path) -> None:
    write(
        tmp_path,
        parts__a="export const used = 1;\nexport interface Unused {}\nconst own: Unused = {};\n",
        parts__b='import { used } from "./a";\n',
    )
    [found] = find_unused_exports(tmp_path)
    assert found == "web/src/parts/a.ts: nothing imports Unused; do not export it"
