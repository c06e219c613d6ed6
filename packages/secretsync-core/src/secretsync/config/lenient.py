"""Documents read as programs did that took everything: what is odd is told, and the rest means what it says.

Taken with a word about it: keys that nobody knows, keys given twice (the last counts), a second document, and quotes
around numbers and truth values. Taken silently: YAML 1.1's words for truth, merge keys, a fraction where a whole
number is meant, hyphens and underscores in each other's place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

from attrs import evolve

from ..classes import frozen
from ..errors import InvalidInput
from .document import compose
from .structure import KINDS, Check, Kind, Walk, found_by, lines
from .tree import Member, Node, Object, Path, Place, Problem, Scalar

T = TypeVar("T")

_TRUE: Final = frozenset({"y", "yes", "on", "true"})
_FALSE: Final = frozenset({"n", "no", "off", "false"})
_FRACTION: Final = re.compile(r"([-+]?[0-9]{1,18})(\.[0-9]*)?")


@frozen
class Style:
    """How else a document is read than by the types of its fields alone.

    Attributes:
        kinds: How further types of fields read a scalar.
        strict: What is odd is a problem too.
    """

    kinds: Mapping[Any, Kind] = {}
    strict: bool = False


def load_leniently(text: str, cls: type[T], *, source: str, check: Check[T], style: Style) -> tuple[T, tuple[str, ...]]:
    """Return what a YAML text says, and a line for all that is odd in it.

    Args:
        text: One document, or more, of which the first counts.
        cls: An attrs class whose fields all have defaults: such a field is left at its default if it is wrong, so that
            the check finds the rest in the same run. Keys are the fields' names, with hyphens.
        source: Names the text in problems.
        check: Looks for what types cannot say.
        style: What is particular to this document.

    Raises:
        InvalidInput: With every problem, each as `source:line:column: path: what, remedy`; none shows a value.
    """
    document = compose(text, source=source, merges=True)
    walk = _LenientWalk(style)
    value = walk.value(document.root, cls, ()) or cls()
    known = [*document.problems, *walk.problems]
    known += [flaw for flaw in found_by(check, value, document.root) if not _follows(flaw, known)]
    wrong = [problem for problem in known if style.strict or not problem.harmless]
    if wrong:
        raise InvalidInput(lines(wrong, source))
    return value, lines(known, source)


def _follows(flaw: Problem, known: Iterable[Problem]) -> bool:
    """Whether something is only wrong because of what stood at its place or above."""
    return any(not one.harmless and flaw.path[: len(one.path)] == one.path for one in known)


class _LenientWalk(Walk):
    """Returns a value whatever it meets: what is wrong is left out of it."""

    def __init__(self, style: Style) -> None:
        super().__init__(_hyphens, {**KINDS, **_KINDS, **style.kinds})

    def doubt(self, text: str, at: Place | None, path: Path) -> None:
        self.problems.append(Problem(text, at, path, harmless=True))

    def is_nothing(self, node: Node, kind: Any) -> bool:  # noqa: ARG002 - `null` is nothing for text, too
        return super().is_nothing(node, None)

    def spelled(self, key: str) -> str:
        return _hyphens(key)

    def made(self, cls: type[Any], values: Mapping[str, Any], *, clean: bool) -> Any:  # noqa: ARG002 - see the class
        return cls(**{name: value for name, value in values.items() if value is not None})

    def items(self, node: Node, kind: Any, path: Path) -> Any:
        return tuple(item for item in super().items(node, kind, path) or () if item is not None)

    def mapping(self, node: Node, args: tuple[Any, ...], path: Path) -> Any:
        given = super().mapping(node, args, path) or {}
        return {key: value for key, value in given.items() if value is not None}

    def members(self, node: Object, path: Path, *, hidden: bool = False) -> Iterator[tuple[str, Member]]:  # noqa: ARG002
        last = {member.key: member for member in node.members}
        for member in node.members:
            if last[member.key] is member:
                yield member.key, member
            else:
                self.doubt("given again below, which counts", member.at, (*path, member.key))

    def scalar(self, node: Node, kind: Kind, path: Path) -> Any:
        if isinstance(node, Scalar) and not node.plain and kind.read(node) is None:
            bare = evolve(node, plain=True)
            if (value := kind.read(bare)) is not None:
                self.doubt("is in quotes; write it without", node.at, path)
                return value
        return super().scalar(node, kind, path)


def _hyphens(name: str) -> str:
    return name.replace("_", "-")


def _truth(scalar: Scalar) -> bool | None:
    word = scalar.text.lower() if scalar.plain else ""
    return True if word in _TRUE else False if word in _FALSE else None


def _whole(scalar: Scalar) -> int | None:
    found = _FRACTION.fullmatch(scalar.text) if scalar.plain else None
    return int(found[1]) if found else None


_KINDS: Final[Mapping[Any, Kind]] = {bool: Kind("true or false", _truth), int: Kind("a whole number", _whole)}
