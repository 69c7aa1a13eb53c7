"""Arithmetic without eval: a walk over the syntax tree that knows only numbers.

Every step is bounded beforehand, so that no expression can take long or grow large.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, cast

from harness.contracts.errors import ToolFailed

MAX_LENGTH = 500
MAX_BITS = 4_096
MAX_FACTORIAL = 400
MAX_DIGITS = 1_300
"""More decimal digits than MAX_BITS have."""

Number = int | float
Value = Number | Sequence[Number]


class _Refused(Exception):
    pass


def evaluate(expression: str) -> str:
    """Evaluate an expression to text; raises ToolError if it has no value."""
    if len(expression) > MAX_LENGTH:
        raise ToolFailed(f"The expression is longer than {MAX_LENGTH} characters.")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
        return _format_number(_evaluate_number(tree.body))
    except _Refused as error:
        problem = str(error)
    except (SyntaxError, ValueError, TypeError) as error:
        problem = str(error.args[0]) if error.args else "it is not an expression"
    except ZeroDivisionError:
        problem = "division by zero"
    except OverflowError:
        problem = "the result is too large"
    except (RecursionError, MemoryError):
        problem = "it is nested too deeply"
    raise ToolFailed(f"{expression.strip()!r} has no value: {problem}.")


def _format_number(value: Number) -> str:
    if isinstance(value, int):  # bool too
        return str(value)
    if not math.isfinite(value):
        raise OverflowError
    return format(value, ".15g")  # only exact digits: 0.1 + 0.2 is 0.3


def _evaluate_number(node: ast.expr) -> Number:
    value = _evaluate_node(node)
    if isinstance(value, int | float):
        return value
    raise _Refused("it has a list in place of a number (write 1000, not 1,000)")


def _evaluate_node(node: ast.expr) -> Value:
    match node:
        case ast.Constant(value=bool() | int() | float() as value):
            return _check_size(value)
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            return _UNARY[type(op)](_evaluate_number(operand))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _check_size(_BINARY[type(op)](_evaluate_number(left), _evaluate_number(right)))
        case ast.Compare(left=left, ops=ops, comparators=others):
            return _compare(left, ops, others)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
            return _check_size(_FUNCTIONS[name](*[_evaluate_node(arg) for arg in args]))
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_evaluate_number(item) for item in items]
        case ast.BinOp(op=ast.BitXor()):
            raise _Refused("use ** for power, not ^")
        case ast.Name(id=name) | ast.Call(func=ast.Name(id=name)):
            raise _Refused(f"{name!r} is unknown; available are {', '.join(NAMES)}")
        case _:
            raise _Refused(f"it may contain only numbers, operators and {', '.join(NAMES)}")


def _check_size(value: Any) -> Number:
    if isinstance(value, int):
        if value.bit_length() > MAX_BITS:
            raise OverflowError
        return value
    if isinstance(value, float):
        return value
    raise _Refused("the result is not a real number")


def _compare(left: ast.expr, ops: list[ast.cmpop], others: list[ast.expr]) -> bool:
    values = [_evaluate_number(left), *(_evaluate_number(other) for other in others)]
    for op, one, two in zip(ops, values, values[1:], strict=False):
        compare = _COMPARISONS.get(type(op))
        if compare is None:
            raise _Refused("only the comparisons ==, !=, <, <=, > and >= are supported")
        if not compare(one, two):
            return False
    return True


def _power(base: Number, exponent: Number) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and exponent > 0:
        if abs(base) > 1 and base.bit_length() * exponent > 2 * MAX_BITS:
            raise OverflowError
        return base**exponent
    return cast("Any", base) ** exponent


def _round(value: Number, digits: Number | None = None) -> Number:
    if digits is None:
        return round(value)
    if not isinstance(digits, int):
        raise _Refused("round takes a whole number of digits")
    # Python computes 10**-digits exactly. Beyond these bounds the result is the number itself or 0.
    return round(value, max(-MAX_DIGITS, min(MAX_DIGITS, digits)))


def _factorial(value: Number) -> int:
    if value > MAX_FACTORIAL:
        raise OverflowError
    if value != int(value):
        raise _Refused("factorial takes a whole number")
    return math.factorial(int(value))


_CONSTANTS = {"pi": math.pi, "e": math.e, "tau": math.tau}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Number]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "ceil": math.ceil,
    "cos": math.cos,
    "degrees": math.degrees,
    "exp": math.exp,
    "factorial": _factorial,
    "floor": math.floor,
    "gcd": math.gcd,
    "hypot": math.hypot,
    "lcm": math.lcm,
    "log": math.log,
    "log10": math.log10,
    "log2": math.log2,
    "max": max,
    "min": min,
    "radians": math.radians,
    "round": _round,
    "sin": math.sin,
    "sqrt": math.sqrt,
    "sum": sum,
    "tan": math.tan,
}
NAMES = (*_CONSTANTS, *_FUNCTIONS)
