"""Our `define` and `frozen` are attrs' own, and what they show reads as attrs would have it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from secretsync import classes


def samples(frozen: Callable[..., Any], define: Callable[..., Any]) -> list[object]:
    """Return equal objects of equal classes, made by these decorators."""

    @frozen
    class Plain:
        a: int
        b: str = "b"
        hidden: str = attrs.field(default="s3cret", repr=False)
        counted: str = attrs.field(default="s3cret", repr=lambda value: f"<{len(value)}>")

    @frozen(kw_only=True)
    class Child(Plain):
        c: Plain | None = None

    @frozen
    class Own:
        a: int = 1

        def __repr__(self) -> str:
            return "its own"

    @frozen(repr=False)
    class Hidden(Own):
        pass

    @define(eq=False)
    class Loop:
        me: object = None
        _private: int = 1
        late: int = attrs.field(init=False)

    @define
    class Empty:
        pass

    loop = Loop()
    loop.me = [loop]
    return [Plain(1), Child(a=1, c=Plain(2, "x")), Own(), Hidden(), loop, Empty(), [Plain(3)]]


def test_it_reads_as_attrs_would_have_it() -> None:
    ours, theirs = samples(classes.frozen, classes.define), samples(attrs.frozen, attrs.define)
    assert [repr(one) for one in ours] == [repr(one) for one in theirs]
    assert "s3cret" not in repr(ours)


def test_a_class_that_shows_nothing_shows_nothing() -> None:
    @classes.frozen(repr=False)
    class Secret:
        value: str = "s3cret"

    assert "s3cret" not in repr(Secret())


def test_all_else_is_attrs_own() -> None:
    @classes.frozen
    class Point:
        x: int
        y: int = 0

    assert Point(1) == Point(1) != Point(2)
    assert len({Point(1), Point(1)}) == 1
    assert attrs.evolve(Point(1), y=2) == Point(1, 2)
    assert not hasattr(Point(1), "__dict__")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Point(1).x = 2  # type: ignore[misc]  # which is what is tried
