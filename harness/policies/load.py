"""Read the policy that a project configures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.contracts.errors import InvalidPolicy
from harness.policies.function import Decide, load_function
from harness.policies.policy import MAX_BYTES, Policy, parse_policy, read_policy
from harness.policies.settings import PoliciesSettings


@dataclass(frozen=True, kw_only=True)
class Configured:
    """The policy of a project, with its function loaded."""

    policy: Policy
    function: Decide | None = None


def load_policy(settings: PoliciesSettings, project: Path) -> Configured | None:
    """Read what is configured; None if nothing is. Raises InvalidPolicy."""
    if settings.file is None and not settings.rules and settings.function is None:
        return None
    rules = list(settings.rules)
    if settings.file is not None:
        rules += read_file(project / settings.file).rules
    function, described = (None, None) if settings.function is None else load_function(
        settings.function
    )  # fmt: skip
    data = {"rules": rules, "function": described}
    return Configured(policy=read_policy(data, "[policies]"), function=function)


def read_file(path: Path) -> Policy:
    """Read a policy file; raises InvalidPolicy."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        text = content.decode()
    except OSError as error:
        raise InvalidPolicy(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidPolicy(f"{path} is not UTF-8 text.") from None
    return parse_policy(text, str(path))
