"""An agent says what its runs pin."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import BaseModel

from harness.agent import Agent, tool
from harness.contracts.errors import RunError
from harness.contracts.model import Candidate, ModelParams, ModelPlan
from harness.contracts.run import Budget
from harness.contracts.tool import ToolPolicy


@tool(effect="read", inline=True)
def add(a: int, b: int) -> int:
    "Add two numbers."
    return a + b


@tool(timeout=5, attempts=2)
def send(text: str) -> None:
    "Send it."


class Item(BaseModel):
    price: float


class Report(BaseModel):
    """What was found."""

    title: str
    items: list[Item] = []


def test_ten_lines_are_an_agent() -> None:
    agent = Agent("calculator", model="openai/gpt-5", instructions="Use the tool.", tools=[add])
    spec = agent.spec("offline/demo")
    assert (spec.name, spec.instructions) == ("calculator", "Use the tool.")
    assert spec.plan.candidates == (Candidate(model="openai/gpt-5"),)
    assert spec.plan.requires == ("tools",)
    assert [each.name for each in spec.tools] == ["add"]
    assert agent.policies() == {"add": ToolPolicy(effect="read", inline=True)}
    assert agent.queue == "agent.calculator"
    assert agent.budget == Budget()
    assert agent.tool("add") is add
    assert agent.tool("sub") is None
    assert add(2, 2) == 4


def test_the_default_model_stands_in_where_none_is_named() -> None:
    agent = Agent("a")
    assert agent.spec("offline/demo").plan.candidates[0].model == "offline/demo"
    assert agent.spec("openai/gpt-5").plan.candidates[0].model == "openai/gpt-5"
    assert agent.spec("openai/gpt-5") is agent.spec("openai/gpt-5")
    named = Agent("a", model="openai/gpt-5")
    assert named.spec("offline/demo") is named.spec("other/model")


def test_fallbacks_and_parameters_make_the_plan() -> None:
    params = ModelParams(temperature=0)
    agent = Agent("a", model="openai/m", fallbacks=["anthropic/n"], params=params, output=Report)
    plan = agent.spec("").plan
    assert plan.candidates == (
        Candidate(model="openai/m", params=params),
        Candidate(model="anthropic/n", params=params),
    )
    assert plan.requires == ("output",)


def test_a_plan_is_taken_as_it_is_and_requires_what_the_agent_needs() -> None:
    plan = ModelPlan(candidates=(Candidate(model="a/b"),), requires=("vision",), min_context=9)
    spec = Agent("a", model=plan, tools=[add], output=Report).spec("")
    assert spec.plan == plan.model_copy(update={"requires": ("vision", "tools", "output")})


def test_tools_that_are_not_inline_bring_the_one_that_reads_long_results() -> None:
    assert list(Agent("a", tools=[send, add]).tools) == ["send", "add", "read_result"]
    assert list(Agent("a", tools=[add]).tools) == ["add"]
    assert Agent("a", tools=[send]).policies()["send"] == ToolPolicy(
        effect="write", timeout_s=5, attempts=2
    )


def test_the_same_tool_twice_is_one() -> None:
    assert list(Agent("a", tools=[add, add]).tools) == ["add"]


def test_instructions_lose_the_indentation_of_the_source() -> None:
    assert (
        Agent(
            "a",
            instructions="""
        First.
          Second.
        """,
        ).instructions
        == "First.\n  Second."
    )


def test_the_output_type_becomes_a_schema_and_reads_results() -> None:
    agent = Agent("a", output=Report)
    schema = agent.spec("offline/demo").output
    assert schema is not None
    assert schema["required"] == ["title"]
    assert "title" not in schema  # a title costs tokens and says nothing
    report: Report | None = agent.parse_output({"title": "x", "items": [{"price": 1}]})
    assert report == Report(title="x", items=[Item(price=1)])
    with pytest.raises(RunError, match=r"does not fit Report: items\.0\.price: Input should") as e:
        agent.parse_output({"title": "x", "items": [{"price": "much"}]})
    assert e.value.code == "run.invalid_output"


class Tree(BaseModel):
    children: list[Tree] = []


def test_an_output_type_that_holds_itself_is_an_object_at_the_top() -> None:
    schema = Agent("a", output=Tree).spec("offline/demo").output
    assert schema is not None
    assert schema["type"] == "object"
    assert schema["properties"]["children"]["items"] == {"$ref": "#/$defs/Tree"}
    assert "Tree" in schema["$defs"]


def test_without_an_output_type_there_is_no_data() -> None:
    assert Agent("a").parse_output(None) is None


def test_it_shows_its_name_and_tools() -> None:
    assert repr(Agent("a", tools=[add])) == "Agent('a', tools=['add'])"


def test_declaring_loads_no_sdk() -> None:
    code = (
        "import sys, harness.agent, harness.tools\n"
        "heavy = {'temporalio', 'psycopg', 'openai', 'anthropic', 'httpx', 'jsonschema'}\n"
        "print(heavy & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
