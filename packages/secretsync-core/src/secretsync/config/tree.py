"""A document as it was written: nodes with their places, before anything is known about types."""

from __future__ import annotations

import re
from typing import Final

from attrs import field

from ..classes import frozen

Path = tuple[str | int, ...]
"""Keys and positions from the root of a document down to a node."""

_BARE_KEY: Final = re.compile(r"[^\s.\[\]\"]+")


@frozen
class Place:
    """Line and column, both from 1."""

    line: int
    column: int


@frozen
class Scalar:
    """Text; `plain` if it stood without quotes and so may also mean a number, a truth value or nothing."""

    text: str = field(repr=False)
    plain: bool
    at: Place | None = None


@frozen
class Array:
    items: tuple[Node, ...]
    at: Place | None = None


@frozen
class Member:
    """One `key: value` of an object; a key may stand twice here, which is for the reader to refuse."""

    key: str = field(repr=False)
    value: Node
    at: Place | None = None


@frozen
class Object:
    members: tuple[Member, ...]
    at: Place | None = None


Node = Scalar | Array | Object


@frozen
class Problem:
    """What is wrong where, without values.

    Attributes:
        path: Empty for the document as a whole.
        harmless: The rest means what it says all the same; a lenient reader goes on.
    """

    text: str
    at: Place | None = None
    path: Path = ()
    harmless: bool = False

    def line(self, source: str) -> str:
        """Return `source:line:column: path: text`, without the parts that are not known."""
        start = f"{source}:{self.at.line}:{self.at.column}" if self.at else source
        return ": ".join(part for part in (start, show(self.path), self.text) if part)


@frozen
class Composed:
    """A whole document, and what was wrong in it that did not keep the rest from being read."""

    root: Node
    problems: tuple[Problem, ...] = ()


def show(path: Path) -> str:
    """Return a path as people write it: `projects[0].slug`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{_key(step)}" for step in path)
    return "".join(steps).removeprefix(".")


def locate(root: Node, path: Path) -> Place | None:
    """Return the place of a path, or of the deepest part of it that is there; of a member, where its key stands."""
    node, at = root, root.at
    for step in path:
        match node:
            case Object() if found := [member for member in node.members if member.key == step]:
                node, at = found[0].value, found[0].at
            case Array(items) if isinstance(step, int) and step < len(items):
                node, at = items[step], items[step].at
            case _:
                break
    return at


def from_json(value: object) -> Node:
    """Return parsed JSON as a tree without places.

    Raises:
        TypeError: The value is none that a JSON parser returns.
    """
    match value:
        case None:
            return Scalar("", plain=True)
        case bool():
            return Scalar("true" if value else "false", plain=True)
        case int() | float():
            return Scalar(repr(value), plain=True)
        case str():
            return Scalar(value, plain=False)
        case list():
            return Array(tuple(from_json(item) for item in value))
        case dict():
            return Object(tuple(Member(key, from_json(item)) for key, item in value.items()))
        case _:
            raise TypeError(f"{type(value).__name__} is not JSON")


def _key(key: str) -> str:
    bare = _BARE_KEY.fullmatch(key) and key.isprintable()
    return key if bare else f'"{key.encode("unicode_escape").decode()}"'
