"""Sprig's chapter on lists of integers: `until`, `untilStep`, and `seq`, which writes one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..functions import Function
from ..runtime import Run
from ..values import TypedList
from .conversion import wrapped


def until(run: Run, count: int) -> TypedList:
    """Return the integers from 0 towards a number, without that."""
    return until_step(run, 0, count, -1 if count < 0 else 1)


def until_step(run: Run, start: int, stop: int, step: int) -> TypedList:
    """Return the integers from one number to another in steps; none, if the step leads elsewhere."""
    return TypedList("[]int", _steps(run, start, stop, step))


def seq(run: Run, *bounds: int) -> str:
    """Return integers as text: up to an end, from a start to an end, or from a start in steps to an end."""
    match bounds:
        case (end,):
            start, step = 1, _direction(1, end)
        case (start, end):
            step = _direction(start, end)
        case (start, step, end):
            if end < start and step > 0:
                return ""
        case _:
            return ""
    return " ".join(map(str, _steps(run, start, wrapped(end + _direction(start, end)), step)))


def _direction(start: int, end: int) -> int:
    return -1 if end < start else 1


def _steps(run: Run, start: int, stop: int, step: int) -> range:
    if not step:
        return range(0)
    run.check_items(-((start - stop) // step))
    return range(start, stop, step)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "seq": Function(seq, rest="int", gives="string", needs_run=True),
    "until": Function(until, ("int",), gives="[]int", needs_run=True),
    "untilStep": Function(until_step, ("int", "int", "int"), gives="[]int", needs_run=True),
}
