"""A policy as data: its rules, how it is read, and its digest. Pure."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from harness.contracts.errors import InvalidPolicy
from harness.contracts.ruling import ROLE, ROLES, Ruling
from harness.contracts.tool import Effect
from harness.policies.arguments import ANYWHERE, parse_path
from harness.policies.conditions import Condition, Texts

MAX_BYTES = 262_144
MAX_RULES = 500
MAX_ARGUMENTS = 50
MAX_REGEXES = 200
"""Of a policy in all: one can take 0.1 s to compile."""
PINNED = {"pinned": True}
"""Context for reading a policy that was accepted before: the limit on regexes does not apply."""
DIGEST = 16
"""Characters of a digest that are recorded."""
LONGEST_WAIT_S = 365 * 86_400.0
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
ESCALATE = "escalate:"


class PolicyRule(BaseModel):
    """One rule: which calls it is about, and what happens to them."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str = Field(default="", max_length=64, pattern=r"^[\w .-]*$")
    """Shown wherever the rule decided."""
    decision: Literal["allow", "deny", "ask"]
    """`allow`: no later rule is read; the tool's own approval still applies."""
    tool: Texts = ("*",)
    """Patterns of tools."""
    effect: tuple[Effect, ...] | None = None
    """What the tool changes."""
    agent: Texts | None = None
    """Patterns of agents."""
    owner: Texts | None = None
    """Patterns of users who own the run."""
    session: Texts | None = None
    """Patterns of sessions."""
    arguments: dict[str, Condition] = Field(default={}, max_length=MAX_ARGUMENTS)
    """Conditions by path, which all have to hold. Of several values at a path, all have to fit a
    rule that allows, and one has to fit another rule."""
    cost_above: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Dollars that the run has cost so far."""
    reason: str | None = Field(default=None, max_length=500)
    """What the model or the person reads."""
    whom: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    """With `ask`: who may decide, as users or `role:admin`."""
    remember: bool = False
    """With `ask`: an approval may be remembered for the session."""
    timeout: str | None = None
    """With `ask`: how long to wait, such as `30m`, `1h` or `2d`."""
    then: str | None = None
    """With `timeout`: `deny`, `allow` or `escalate:ROLE`."""
    override: bool = False
    """With `allow`: the tool's own approval does not apply."""

    @field_validator("effect", mode="before")
    @classmethod
    def _read_effect(cls, value: Any) -> Any:
        return cast("Any", (value,) if isinstance(value, str) else value)

    @field_validator("arguments")
    @classmethod
    def _check_paths(cls, arguments: dict[str, Condition]) -> dict[str, Condition]:
        for path in arguments:
            if path != ANYWHERE:
                parse_path(path)
        return arguments

    @field_validator("whom")
    @classmethod
    def _check_whom(cls, whom: tuple[str, ...]) -> tuple[str, ...]:
        for each in whom:
            if each.startswith(ROLE) and each.removeprefix(ROLE) not in ROLES:
                raise ValueError(f"{each[:60]!r} is not a role; write role:{', role:'.join(ROLES)}")
        return whom

    @model_validator(mode="after")
    def _check(self) -> Self:
        asks = {"whom": self.whom, "remember": self.remember, "timeout": self.timeout}
        wrong = [name for name, value in asks.items() if value and self.decision != "ask"]
        if wrong:
            raise ValueError(f'{wrong[0]} needs decision = "ask"')
        if self.override and self.decision != "allow":
            raise ValueError('override needs decision = "allow"')
        if self.then is not None and self.timeout is None:
            raise ValueError("then needs a timeout")
        if self.timeout is not None:
            parse_time(self.timeout)
        if self.then not in (None, "deny", "allow") and self.escalates_to is None:
            roles = ", ".join(f"escalate:{each}" for each in ROLES)
            raise ValueError(f"then is {self.then!r}; write deny, allow, {roles}")
        return self

    @property
    def escalates_to(self) -> str | None:
        """Who may decide too once the time is up."""
        role = (self.then or "").removeprefix(ESCALATE)
        return f"{ROLE}{role}" if self.then != role and role in ROLES else None

    def rule_on(self, policy: str) -> Ruling:
        """What the rule says, as part of a policy.

        Args:
            policy: The digest of the policy.

        Returns:
            The ruling.
        """
        asks = self.decision == "ask"
        return Ruling(
            rule=self.name,
            policy=policy[:DIGEST],
            decision=self.decision,
            whom=self.whom or None,
            wait_s=parse_time(self.timeout) if self.timeout else None,
            then=(self.then or "deny") if asks and self.timeout else None,
            remembers=True if self.remember else None,
        )


class PolicyFunction(BaseModel):
    """A Python function that decides about calls that no rule fits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """As module:function."""
    digest: str
    """Of its module's source."""


class Policy(BaseModel):
    """Rules in order, and a function after them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: Annotated[tuple[PolicyRule, ...], FailFast(), Field(max_length=MAX_RULES)] = ()
    function: PolicyFunction | None = None

    @model_validator(mode="before")
    @classmethod
    def _count_regexes(cls, data: Any, info: ValidationInfo) -> Any:
        """Before any is compiled. A run may be pinned to a policy from before there was a limit."""
        rules = cast("dict[str, Any]", data).get("rules") if isinstance(data, dict) else None
        count = 0 if info.context is PINNED else sum(1 for _ in _list_regexes(rules))
        if count > MAX_REGEXES:
            raise ValueError(
                f"the policy has {count} conditions with regex; at most {MAX_REGEXES} are accepted"
            )
        return cast("Any", data)

    @model_validator(mode="after")
    def _name_rules(self) -> Self:
        names: set[str] = set()
        named: list[PolicyRule] = []
        for place, rule in enumerate(self.rules, 1):
            name = rule.name or f"rule {place}"
            if name in names:
                raise ValueError(f"two rules have the name {name!r}; rename one")
            names.add(name)
            named.append(rule.model_copy(update={"name": name}))
        object.__setattr__(self, "rules", tuple(named))
        return self

    @property
    def text(self) -> str:
        """The policy in canonical JSON."""
        data = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for rule, own in zip(data.get("rules", ()), self.rules, strict=True):
            rule["arguments"] = {path: _dump(each) for path, each in own.arguments.items()}
        return json.dumps(data, ensure_ascii=True, sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> str:
        """SHA-256 of the text: comments and layout of a file do not change it."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def _list_regexes(rules: Any) -> Iterator[Any]:
    """The regular expressions of rules, which may not be read yet."""
    for rule in cast("list[Any]", rules) if isinstance(rules, list | tuple) else ():
        arguments = _get(rule, "arguments")
        conditions = cast("dict[str, Any]", arguments) if isinstance(arguments, dict) else {}
        for each in conditions.values():
            condition = each
            while condition is not None:
                if (regex := _get(condition, "regex")) is not None:
                    yield regex
                condition = _get(condition, "inverse", "not")


def _get(value: Any, *names: str) -> Any:
    """A field of something that is read or not: None if there is none."""
    if isinstance(value, BaseModel):
        return getattr(value, names[0], None)
    return cast("dict[str, Any]", value).get(names[-1]) if isinstance(value, dict) else None


def _dump(condition: Condition) -> dict[str, Any]:
    """Only what was given: null may be a value to compare with."""
    return condition.model_dump(mode="json", by_alias=True, exclude_unset=True)


def parse_time(text: str) -> float:
    """Read `90s`, `30m`, `1h` or `2d`; raises ValueError."""
    found = re.fullmatch(r"(\d{1,8}(?:\.\d{1,3})?)([smhd])", text)
    seconds = float(found[1]) * UNITS[found[2]] if found else 0.0
    if not 0 < seconds <= LONGEST_WAIT_S:
        raise ValueError(f"timeout is {text[:40]!r}; write 90s, 30m, 1h or 2d, at most 365d")
    return seconds


def parse_policy(text: str, where: str) -> Policy:
    """Read a policy in TOML; raises InvalidPolicy."""
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise InvalidPolicy(f"{where} is larger than {MAX_BYTES:,} bytes.")
    try:
        return read_policy(tomllib.loads(text), where)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidPolicy(f"{where} is not TOML: {error}") from None


def read_policy(data: Any, where: str) -> Policy:
    """Read a policy from plain data; raises InvalidPolicy."""
    try:
        return Policy.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise InvalidPolicy(f"{where}: {f'{place}: ' if place else ''}{first['msg']}.") from None
