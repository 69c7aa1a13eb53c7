"""Write the tool calls of AgentDojo's ground truths as JSON lines.

Run by the interpreter of an environment that has `agentdojo`, which harness does not depend on. It
imports nothing of harness. Each line is an honest task, or one with an injected task.
"""

# pyright: basic, reportMissingImports=false
from __future__ import annotations

import argparse
import json
import sys
from typing import Any

VERSION = "v1.2.1"
MODEL = "gpt-4o-2024-05-13"


def main() -> None:
    from agentdojo.agent_pipeline.base_pipeline_element import BasePipelineElement
    from agentdojo.attacks.attack_registry import load_attack
    from agentdojo.task_suite.load_suites import get_suites

    parser = argparse.ArgumentParser()
    parser.add_argument("attacks", nargs="*")
    chosen = parser.parse_args().attacks

    class Pipeline(BasePipelineElement):
        name = MODEL

        def query(self, *args: Any, **kwargs: Any) -> Any:
            raise NotImplementedError("the ground truth is enough")

    for name, suite in get_suites(VERSION).items():
        for task in suite.user_tasks.values():
            line = run_task(suite, task, None, {})
            print(json.dumps({"suite": name, "attack": None, **line}), flush=True)
        for attack_name in chosen:
            attack = load_attack(attack_name, suite, Pipeline())
            for task in suite.user_tasks.values():
                for injected in suite.injection_tasks.values():
                    try:
                        injections = attack.attack(task, injected)
                    except ValueError:
                        continue  # the honest task reads nothing that can be injected
                    line = run_task(suite, task, injected, injections)
                    print(json.dumps({"suite": name, "attack": attack_name, **line}), flush=True)


def run_task(suite: Any, task: Any, injected: Any, injections: dict[str, str]) -> dict[str, Any]:
    """Run the calls of a task, and then those of the injected one."""
    from agentdojo.functions_runtime import FunctionsRuntime

    environment = task.init_environment(suite.load_and_inject_default_environment(injections))
    runtime = FunctionsRuntime(suite.tools)
    calls = run_calls(runtime, environment, task.ground_truth(environment))
    attack = run_calls(runtime, environment, injected.ground_truth(environment)) if injected else []
    return {"task": task.ID, "prompt": task.PROMPT, "calls": calls, "injected": attack}


def run_calls(runtime: Any, environment: Any, calls: Any) -> list[dict[str, Any]]:
    from agentdojo.agent_pipeline.tool_execution import tool_result_to_str

    done = []
    for call in calls:
        try:
            result, error = runtime.run_function(environment, call.function, call.args)
        except Exception as failed:
            result, error = "", str(failed)
        content = error or tool_result_to_str(result)
        arguments = json.loads(json.dumps(dict(call.args), default=str))
        done.append({"name": call.function, "arguments": arguments, "result": content})
    return done


if __name__ == "__main__":
    sys.exit(main())
