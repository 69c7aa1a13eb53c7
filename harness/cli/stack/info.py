"""`harness config` and `version`: information that needs no run."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from harness.cli.out import Out
from harness.terminal import exit_codes


def print_version(args: Namespace, out: Out) -> int:  # noqa: ARG001 - all commands are called alike
    from harness import __version__

    if out.json:
        out.line({"version": __version__})
    else:
        out.raw(f"harness {__version__}")
    return exit_codes.DONE


def print_config(args: Namespace, out: Out) -> int:  # noqa: ARG001
    from harness.config import explain_settings
    from harness.contracts.clean_text import clean_line

    origins = explain_settings()
    if out.json:
        for each in origins:
            mark = {"ignored": True} if each.ignored else {}
            out.line({"key": each.key, "value": each.value, "source": each.source, **mark})
        return exit_codes.DONE
    width = max(len(clean_line(each.key)) for each in origins)
    for each in origins:
        quiet = each.source == "default"
        text = f"{clean_line(each.key):<{width}}  {_format_value(each.value)}"
        out.console.print(text, style="quiet" if quiet else "", end="", soft_wrap=True)
        source = f"{each.source}, IGNORED: not trusted" if each.ignored else each.source
        style = "bad" if each.ignored else "quiet" if quiet else "call"
        out.console.print(f"  ({clean_line(source)})", style=style, soft_wrap=True)
    if any(each.ignored for each in origins):
        out.note("To review and allow ignored settings, run: harness trust")
    return exit_codes.DONE


def _format_value(value: Any) -> str:
    import json

    from harness.contracts.clean_text import clean_line

    return "-" if value is None else clean_line(json.dumps(value, ensure_ascii=False, default=str))
