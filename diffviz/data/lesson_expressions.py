"""Small expressions on numbers, as lessons state them: read by Python's parser, evaluated here alone."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

__all__ = ["FUNCTIONS", "Expression", "ExpressionError", "Value"]

Value: TypeAlias = Any
"""A number, a truth value, or an array of either over t = 0…T."""
_LONGEST = 400
_BINARY: dict[type[ast.operator], Callable[[Value, Value], Value]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    # In floating point a tower of powers overflows at once instead of filling the memory.
    ast.Pow: lambda base, power: np.float64(base) ** np.float64(power) if np.ndim(base) == 0 else base**power,
}
_COMPARED: dict[type[ast.cmpop], Callable[[Value, Value], Value]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


class ExpressionError(ValueError):
    """An expression that cannot be read or has no value; one sentence."""


def _first(condition: Value) -> int:
    """First t at which something holds."""
    places = np.flatnonzero(condition)
    if not len(places):
        raise ExpressionError("nothing fulfils the condition of first()")
    return int(places[0])


def _last(condition: Value) -> int:
    """Last t at which something holds."""
    return len(np.asarray(condition)) - 1 - _first(np.asarray(condition)[::-1])


def _normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def _normal_pdf(x: float) -> float:
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "first": _first,
    "last": _last,
    "count": lambda condition: int(np.count_nonzero(condition)),
    "every": lambda condition: bool(np.all(condition)),
    "lowest": lambda values: int(np.argmin(values)),
    "highest": lambda values: int(np.argmax(values)),
    "sum": lambda values: float(np.sum(values)),
    "mean": lambda values: float(np.mean(values)),
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "log10": np.log10,
    "abs": np.abs,
    "min": min,
    "max": max,
    "round": round,
    "normal_cdf": _normal_cdf,
    "normal_pdf": _normal_pdf,
}


@dataclass(frozen=True)
class Expression:
    """
    An expression such as ``first(alphas_cumprod <= 0.5) == 260``.

    Arithmetic, comparisons, ``and or not``, indexing, words in quotes, and calls of functions by name with
    values in their order. No attributes, no assignments, nothing else of Python.

    Parameters
    ----------
    text
        As it was written.

    Raises
    ------
    ExpressionError
        If it is anything else; the sentence says what.
    """

    text: str

    def __post_init__(self) -> None:
        _check(_tree(self.text))

    @property
    def names(self) -> frozenset[str]:
        """Every name that it uses, those of functions too."""
        return frozenset(node.id for node in ast.walk(_tree(self.text)) if isinstance(node, ast.Name))

    def value(self, names: Mapping[str, Value]) -> Value:
        """
        Evaluate it.

        Parameters
        ----------
        names
            Values and functions by name, beside `FUNCTIONS`.

        Raises
        ------
        ExpressionError
            If a name is unknown or the value does not exist.
        """
        try:
            with np.errstate(all="ignore"):
                return _value(_tree(self.text), {**FUNCTIONS, **names})
        except ExpressionError as error:
            raise ExpressionError(f"`{self.text}`: {error}") from error
        except (ArithmeticError, IndexError, TypeError, ValueError) as error:
            raise ExpressionError(f"`{self.text}` has no value: {error}") from error

    def holds(self, names: Mapping[str, Value]) -> bool:
        """
        Whether it is true.

        Raises
        ------
        ExpressionError
            If it has no value, or one that is neither true nor false.
        """
        value = self.value(names)
        if not isinstance(value, (bool, np.bool_)):
            raise ExpressionError(f"`{self.text}` is neither true nor false")
        return bool(value)


@lru_cache(maxsize=1024)
def _tree(text: str) -> ast.expr:
    if len(text) > _LONGEST:
        raise ExpressionError(f"an expression may have {_LONGEST} characters, not {len(text)}")
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError) as error:
        raise ExpressionError(f"`{text}` is no expression") from error


def _check(node: ast.expr) -> None:
    """Refuse what is not allowed, before anything is evaluated."""
    match node:
        case ast.Constant(value=bool() | int() | float() | str()) | ast.Name():
            return
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not(), operand=inner):
            parts = [inner]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            parts = [left, right]
        case ast.BoolOp(values=values):
            parts = values
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in _COMPARED for op in ops):
            parts = [left, *others]
        case ast.Subscript(value=values, slice=place) if not isinstance(place, ast.Slice):
            parts = [values, place]
        case ast.Call(func=ast.Name(), args=args, keywords=[]):
            parts = args
        case _:
            raise ExpressionError(f"`{ast.unparse(node)}` is not allowed in an expression")
    for part in parts:
        _check(part)


def _value(node: ast.expr, names: Mapping[str, Value]) -> Value:
    match node:
        case ast.Constant(value=constant):
            return constant
        case ast.Name(id=name):
            if name not in names:
                raise ExpressionError(f"there is no {name} here")
            return names[name]
        case ast.UnaryOp(op=op, operand=inner):
            value = _value(inner, names)
            if isinstance(op, ast.Not):
                return not value
            return -value if isinstance(op, ast.USub) else value
        case ast.BinOp(left=left, op=op, right=right):
            return _BINARY[type(op)](_value(left, names), _value(right, names))
        case ast.BoolOp(op=op, values=values):
            truths = (bool(_value(value, names)) for value in values)
            return all(truths) if isinstance(op, ast.And) else any(truths)
        case ast.Compare(left=left, ops=ops, comparators=others):
            return _compared(left, ops, others, names)
        case ast.Subscript(value=values, slice=place):
            array, index = _value(values, names), _value(place, names)
            if not 0 <= index < len(array):
                raise ExpressionError(f"{index} is outside 0…{len(array) - 1}")
            return array[int(index)]
        case ast.Call(func=function, args=args):
            called = _value(function, names)
            if not callable(called):
                raise ExpressionError(f"{ast.unparse(function)} is no function")
            return called(*(_value(argument, names) for argument in args))
    raise ExpressionError(f"`{ast.unparse(node)}` is not allowed in an expression")


def _compared(
    left: ast.expr, ops: list[ast.cmpop], others: list[ast.expr], names: Mapping[str, Value]
) -> Value:
    values = [_value(node, names) for node in (left, *others)]
    found = [_COMPARED[type(op)](a, b) for op, a, b in zip(ops, values, values[1:])]
    return found[0] if len(found) == 1 else np.logical_and.reduce(found)
