"""Write docs/reference/ from the code: `python -m docs.generate`.

What the code does not say (what a search attribute means) stands in notes.toml. A test
compares the pages with what this would write, and every note with the thing that it explains.
"""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from docs import source

HERE = Path(__file__).parent
REFERENCE = HERE / "reference"


@cache
def load_notes(section: str) -> dict[str, str]:
    """name -> sentence, from notes.toml."""
    data: dict[str, dict[str, str]] = tomllib.loads((HERE / "notes.toml").read_text("utf-8"))
    return data[section]


def find_note(section: str, name: str) -> str:
    try:
        return load_notes(section)[name]
    except KeyError:
        raise SystemExit(f"docs/notes.toml says nothing of {name!r} under [{section}]") from None


def settings_page() -> str:
    from harness.config._sources import WELL_KNOWN
    from harness.config.load import PROFILES
    from harness.config.settings import Section, Settings, settings_model

    variables = {key: name for name, key in WELL_KNOWN.items()}

    def rows(kind: type[Section], prefix: str) -> Iterable[list[str]]:
        for each in source.list_fields(kind):
            key = f"{prefix}{each.name}"
            if each.type.endswith(("Settings", "OAuth")) or each.type.startswith("dict["):
                continue
            names = [f"HARNESS_{key.upper().replace('.', '__')}"]
            names = [variables[key], *names] if key in variables else names
            text = each.text or find_note("settings", key)
            whole = _readable_type(each.type)
            kind_of_value = whole.removeprefix("Harmless[")
            if kind_of_value != whole:
                kind_of_value, text = kind_of_value.removesuffix("]"), f"{text} *Harmless.*"
            shown = ", ".join(f"`{name}`" for name in names)
            yield [f"`{key}`", code_cell(kind_of_value), code_cell(each.default or ""), shown, text]

    def section(kind: type[Section], prefix: str) -> str:
        head = ["Key", "Type", "Default", "Environment", "Meaning"]
        return make_table(head, rows(kind, prefix))

    parts = [
        page_title("Settings", "settings.py"),
        load_notes("pages")["settings"],
        "## Top level",
        section(Settings, ""),
    ]
    for name, field in settings_model().model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            parts += [f"## [{name}]", section(kind, f"{name}.")]
    from harness.config.settings import ProviderSettings

    parts += ["## [providers.NAME]", load_notes("pages")["providers"]]
    parts.append(section(ProviderSettings, "providers.NAME."))
    others = [[f"`{n}`", f"`{k}`"] for n, k in WELL_KNOWN.items() if k.startswith("providers.")]
    parts += [
        "Variables that providers' own tools use, too:",
        make_table(["Variable", "Key"], others),
    ]
    from harness.agent.mcp_server import McpOAuth, McpServer, McpTool

    parts += ["## [mcp.servers.NAME]", section(McpServer, "mcp.servers.NAME.")]
    parts += ["## [mcp.servers.NAME.oauth]", section(McpOAuth, "mcp.servers.NAME.oauth.")]
    parts += ["## [mcp.servers.NAME.tools.TOOL]", section(McpTool, "mcp.servers.NAME.tools.TOOL.")]
    from harness.budgets.settings import DailyBudget
    from harness.config.settings import PriceSettings
    from harness.limits.settings import ModelLimit, Pool

    for name, of_name in (
        ("models.MODEL", ModelLimit), ("providers.NAME", ModelLimit),
        ("pools.NAME", Pool),
    ):  # fmt: skip
        parts += [f"## [limits.{name}]", section(of_name, f"limits.{name}.")]
    for name in ("agents.NAME", "owners.USER"):
        parts += [f"## [budgets.{name}]", section(DailyBudget, f"budgets.{name}.")]
    parts += ["## [prices.MODEL]", section(PriceSettings, "prices.MODEL.")]
    from harness.gates.settings import RedactSettings

    parts += ["## [gates.redact]", section(RedactSettings, "gates.redact.")]
    parts += ["## Profiles", load_notes("pages")["profiles"]]
    changed = [
        [f"`{name}`", ", ".join(f"`{k} = {v!r}`" for k, v in values.items()) or "nothing"]
        for name, values in PROFILES.items()
    ]
    parts.append(make_table(["Profile", "Changes"], changed))
    return join_parts(parts)


def errors_page() -> str:
    from harness.contracts.errors import HarnessError

    parts = [page_title("Errors", "errors"), load_notes("pages")["errors"]]
    for kind in HarnessError.__subclasses__():
        parts += [f"## {kind.__name__}", " ".join(source.own_docstring(kind).split())]
        for error in kind.__subclasses__():
            again = "Retried automatically." if error.retryable else "Not retried."
            again = "" if again.rstrip(".") in error.fix else again
            parts += [
                f'<a id="{error_anchor(error.code)}"></a>\n\n### {error.__name__}: `{error.code}`',
                " ".join(source.own_docstring(error).split()),
                f"**What to do:** {error.fix.rstrip('.')}. {again}".rstrip(),
            ]
    return join_parts(parts)


def error_anchor(code: str) -> str:
    """The anchor of an error's entry: provider.rate_limit -> provider-rate_limit."""
    return code.replace(".", "-")


def events_page() -> str:
    from harness.contracts import event

    parts = [page_title("Events", "event.py"), load_notes("pages")["events"]]
    parts.append(fields_table(event.EventBase, skip=()))
    live = set(event.LIVE)
    kinds = [
        *source.list_subclasses(
            event,
            event.EventBase,
            "harness.contracts.context_event",
            "harness.contracts.child_event",
        ),
        *event.LIVE,
    ]
    for heading, group in (
        ("Durable events", [k for k in kinds if k not in live]),
        ("Live events", [k for k in kinds if k in live]),
    ):
        parts += [f"## {heading}"]
        for kind in group:
            name = event_type(kind)
            text = source.own_docstring(kind)
            parts += [f"### `{name}`", " ".join(text.split()), fields_table(kind, skip=("type",))]
    parts += ["## What they are made of", load_notes("pages")["event_parts"]]
    from harness.contracts import message, model, run

    kinds_inside: list[type] = [event.Cursor, message.Message, message.Text, message.Image]
    kinds_inside += [message.FileRef, message.Reasoning, message.ToolCall, message.ToolResult]
    kinds_inside += [model.Usage, model.Fallback, run.Totals, run.Parent]
    from harness.contracts.errors import ErrorInfo

    for kind in [*kinds_inside, ErrorInfo]:
        parts += [f"### {kind.__name__}", " ".join(source.own_docstring(kind).split())]
        parts.append(fields_table(kind, skip=("type",)))
    return join_parts(parts)


def event_type(kind: Any) -> str:
    return kind.model_fields["type"].default


def steering_page() -> str:
    from harness.contracts import run
    from harness.contracts import steering as words
    from harness.contracts import verdicts as verdict_words
    from harness.stack.attributes import SEARCH_ATTRIBUTES

    parts = [page_title("Steering", "steering.py"), load_notes("pages")["steering"], "## Signals"]
    for name in words.SIGNALS:
        kind: type = {
            c.__name__.lower(): c for c in (words.Abort, words.Hint, words.Pause, words.Resume)
        }[name]
        parts += [
            f"### `{name}`",
            load_notes("steering")[name],
            f"```json\n{words.EXAMPLES[name]}\n```",
        ]
        parts.append(fields_table(kind))
    parts += ["## Update `decide`", load_notes("steering")["decide"]]
    parts += [f"```json\n{words.EXAMPLES['decide']}\n```", fields_table(words.Decide)]
    parts += [
        load_notes("steering")["verdicts"],
        verdict_table(),
        "It returns:",
        fields_table(verdict_words.Decision),
    ]
    parts.append("## Queries")
    answers = {"status": run.RunStatus, "transcript": run.TranscriptView, "pending": run.Pending}
    for name, kind in answers.items():
        parts += [f"### `{name}`", load_notes("steering")[name], fields_table(kind)]
    parts += ["### `card`", load_notes("steering")["card"]]
    parts += ["## Search attributes", load_notes("steering")["attributes"]]
    rows = [[f"`{n}`", kind, find_note("attributes", n)] for n, kind in SEARCH_ATTRIBUTES.items()]
    parts.append(make_table(["Name", "Type", "Meaning"], rows))
    parts += ["## States", load_notes("steering")["states"]]
    steps = [
        [f"`{state}`", ", ".join(f"`{n}`" for n in sorted(after)) or "(the end)"]
        for state, after in run.TRANSITIONS.items()
    ]
    parts.append(make_table(["State", "May become"], steps))
    return join_parts(parts)


def verdict_table() -> str:
    from harness.contracts.verdicts import MEANINGS

    rows = [
        [
            f"`{need}`",
            find_note("needs", need),
            "<br>".join(f"`{verdict}`: {does}" for verdict, does in meanings.items()),
        ]
        for need, meanings in MEANINGS.items()
    ]
    return make_table(["What waits (`need`)", "Meaning", "Verdicts"], rows)


def cli_page() -> str:
    from harness.cli import help
    from harness.cli.commands import grouped_commands

    parts = [page_title("Command", "commands.py"), load_notes("pages")["cli"]]
    parts.append(f"```text\n{help.overview_text()}\n```")
    for heading, commands in grouped_commands():
        parts.append(f"## {heading}")
        for each in commands:
            parts += [f"### `harness {each.name}`", f"```text\n{help.command_text(each)}\n```"]
    return join_parts(parts)


def tools_page() -> str:
    import harness.tools as built_in
    from harness.agent import Tool
    from harness.agent.read_result import read_result

    parts = [page_title("Built-in tools", "harness/tools"), load_notes("pages")["tools"]]
    factories: list[Any] = []
    names = [*built_in.__all__, read_result.name]
    for name in names:
        each: Any = read_result if name == read_result.name else getattr(built_in, name)
        if not isinstance(each, Tool):
            factories.append(each)
            continue
        facts = [f"effect `{each.policy.effect}`"]
        facts += ["inline"] if each.policy.inline else []
        facts += ["works in the workspace"] if each.policy.workspace else []
        parts += [f"### `{name}`", f"```text\n{each.spec.description}\n```"]
        parts.append(", ".join(facts).capitalize() + ".")
        parts.append(schema_table(each.spec.parameters))
        parts.append(load_notes("tools").get(name, ""))
    parts += ["## With settings of your own", load_notes("pages")["tool_factories"]]
    for make in factories:
        options = inspect.signature(make).parameters.values()
        lines = [f"    {each.name}: {each.annotation} = {each.default!r},\n" for each in options]
        called = f"{make.__name__}(\n{''.join(lines)})"
        parts += [f"### `{make.__name__}`", f"```text\n{called}\n```"]
        parts.append(f"```text\n{inspect.getdoc(make)}\n```")
    return join_parts(parts)


def schema_table(schema: dict[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows: list[list[str]] = []
    for name, each in schema["properties"].items():
        limits = _range_text(each, "minimum", "maximum", "")
        limits += _range_text(each, "minLength", "maxLength", " characters")
        limits += _range_text(each, "minItems", "maxItems", " items")
        default = "" if name in required else code_cell(repr(each.get("default")))
        kind = each.get("type") or " or ".join(map(_schema_type, each.get("anyOf", ())))
        text = " ".join([*([each["description"]] if "description" in each else []), *limits])
        rows.append([f"`{name}`", kind, default, text])
    return make_table(["Argument", "Type", "Default", "Meaning"], rows) if rows else "No arguments."


def _schema_type(schema: dict[str, Any]) -> str:
    return schema.get("type") or ("object" if "$ref" in schema else "")


def _range_text(schema: dict[str, Any], low: str, high: str, unit: str) -> list[str]:
    least, most = schema.get(low), schema.get(high)
    if least is None and most is None:
        return []
    if most is None:
        return [f"At least {least:,}{unit}."]
    if least is None:
        return [f"At most {most:,}{unit}."]
    return [f"{least:,} to {most:,}{unit}."]


def models_page() -> str:
    from harness.providers.catalog import KNOWN
    from harness.providers.prices import AS_OF, OTHERS_AS_OF

    rows: list[list[str]] = []
    for each in KNOWN.values():
        price = each.price
        dollars = f"{price.input:g} / {price.cached:g} / {price.output:g}" if price else "unknown"
        able = ", ".join(sorted(each.capabilities))
        rows.append([f"`{each.ref}`", able, f"{each.context:,}", dollars])
    head = ["Model", "Can", "Context (tokens)", "$ per million tokens: input / cached / output"]
    note = load_notes("pages")["models"].replace("OTHERS_AS_OF", OTHERS_AS_OF)
    note = note.replace("AS_OF", AS_OF)
    return join_parts([page_title("Models", "catalog.py"), note, make_table(head, rows)])


def fields_table(kind: type, skip: Iterable[str] = ()) -> str:
    rows = [
        [
            f"`{each.name}`",
            code_cell(_readable_type(each.type)),
            code_cell(each.default or ""),
            each.text,
        ]
        for each in source.list_fields(kind)
        if each.name not in skip
    ]
    return (
        make_table(["Field", "Type", "Default", "Meaning"], rows)
        if rows
        else "No fields of its own."
    )


def _readable_type(kind: str) -> str:
    """A type as users think of it: `Annotated[str, check] | None` is `str | None`."""
    kind = re.sub(r"Annotated\[((?:[^,\[\]]|\[[^\]]*\])+), \w+\([^)]*\)\]", r"\1", kind)
    return "true, or absent" if kind == "Flag" else kind


def page_title(text: str, made_from: str) -> str:
    made = f"<!-- Written by `python -m docs.generate` from {made_from} and notes.toml. -->"
    return f"# {text}\n\n{made}"


def make_table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(" ".join(cell.split()) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def code_cell(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`" if text else ""


def join_parts(parts: Iterable[str]) -> str:
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def api() -> str:
    from docs.api_page import api_page

    return api_page()


def python() -> str:
    from docs.python_api import python_page

    return python_page()


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "errors.md": errors_page,
    "events.md": events_page,
    "steering.md": steering_page,
    "cli.md": cli_page,
    "tools.md": tools_page,
    "models.md": models_page,
    "python.md": python,
    "api.md": api,
}


def main() -> None:
    REFERENCE.mkdir(exist_ok=True)
    for name, write in PAGES.items():
        (REFERENCE / name).write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
