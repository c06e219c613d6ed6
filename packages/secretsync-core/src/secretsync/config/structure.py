"""A tree read by the types of an attrs class: exactly what was asked for, or every reason why not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import UnionType
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin

import attrs

from ..classes import frozen
from ..errors import InvalidInput
from ..values import SecretValue
from .tree import Array, Composed, Member, Node, Object, Path, Place, Problem, Scalar, locate

T = TypeVar("T")

WireName = Callable[[str], str]
"""The key of a field, by the field's name."""

_HIDDEN: Final = "…"
_HALF_PAIR: Final = "half a surrogate pair, which has no bytes"
_NULLS: Final = frozenset({"", "~", "null"})
_TRUTH: Final = {"true": True, "false": False}
_WHOLE: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE][-+]?[0-9]{1,2})?")


@frozen
class Flaw:
    """What a check found: the path by keys and positions, and a text with the remedy and without values."""

    path: Path
    text: str


Check = Callable[[T], Iterable[Flaw]]


def camel_case(name: str) -> str:
    """Return `clientId` for `client_id`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def read(document: Composed, cls: type[T], *, source: str, check: Check[T] | None, wire_name: WireName) -> T:
    """Return the document as a value of `cls`.

    Known types of fields: attrs classes, `tuple[X, ...]`, `Mapping[str, X]`, `X | None`, `X | tuple[Y, ...]`, `Literal`
    of texts, `str`, `SecretValue`, `int`, `float`, `bool`, and `Any` for what is not looked at. Keys of a `Mapping[SecretValue, X]` are left out of problems.

    Raises:
        InvalidInput: With every problem, in reading order.
    """
    walk = Walk(wire_name, KINDS)
    value = walk.value(document.root, cls, ())
    told = {problem.at for problem in document.problems}  # what stood there could not be read, so one is enough
    problems = [*document.problems, *(problem for problem in walk.problems if problem.at not in told)]
    if check and not problems:
        problems = found_by(check, value, document.root)
    if problems:
        raise InvalidInput(lines(problems, source))
    return value  # type: ignore[no-any-return]  # the walk is typed by what it was given


def found_by(check: Check[T], value: T, root: Node) -> list[Problem]:
    """Return what a check finds, with the places of its paths."""
    return [Problem(flaw.text, locate(root, flaw.path), flaw.path) for flaw in check(value)]


def lines(problems: Iterable[Problem], source: str) -> tuple[str, ...]:
    """Return the text of each problem, in reading order."""
    return tuple(problem.line(source) for problem in sorted(problems, key=_reading_order))


@frozen
class Kind:
    """How a type reads a scalar; the reader returns None for what it does not take."""

    expected: str
    read: Callable[[Scalar], object]


class Walk:
    """One pass over one tree; what it returns counts only if no problem was noted. Not thread-safe."""

    def __init__(self, wire_name: WireName, kinds: Mapping[Any, Kind]) -> None:
        self.wire_name = wire_name
        self.kinds = kinds
        self.problems: list[Problem] = []

    def value(self, node: Node, kind: Any, path: Path) -> Any:
        origin, args = get_origin(kind), get_args(kind)
        if kind is Any:
            return node
        if attrs.has(kind):
            return self.record(node, kind, path)
        if origin is tuple:
            return self.items(node, args[0], path)
        if origin is Mapping:
            return self.mapping(node, args, path)
        if origin in (Union, UnionType):
            return self.optional(node, args, path)
        return self.scalar(node, _one_of(args) if origin is Literal else self.kinds[kind], path)

    def record(self, node: Node, cls: type[attrs.AttrsInstance], path: Path) -> Any:
        if not isinstance(node, Object):
            return self.refuse(node, "a mapping", path)
        before = len(self.problems)
        fields = {self.wire_name(a.alias or a.name): a for a in attrs.fields(attrs.resolve_types(cls))}
        spelled = ((self.spelled(key), member) for key, member in self.members(node, path))
        given = {key: member for key, member in spelled if self.known(key, member, fields, path)}
        values = dict(self.fields(node, given, fields, path))
        return self.made(cls, values, clean=len(self.problems) == before)

    def spelled(self, key: str) -> str:
        """Return the key as fields are named."""
        return key

    def made(self, cls: type[Any], values: Mapping[str, Any], *, clean: bool) -> Any:
        """Return the record of these values, None if one of them is not as it should be."""
        return cls(**values) if clean else None

    def fields(
        self, node: Object, given: Mapping[str, Member], fields: Mapping[str, attrs.Attribute[Any]], path: Path
    ) -> Iterator[tuple[str, Any]]:
        for key, a in fields.items():
            member, optional = given.get(key), a.default is not attrs.NOTHING
            if member is None and not optional:
                self.note("missing", node.at, (*path, key))
            elif member is not None and not (optional and self.is_nothing(member.value, a.type)):
                yield a.alias or a.name, self.value(member.value, a.type, (*path, key))

    def known(self, key: str, member: Member, fields: Mapping[str, object], path: Path) -> bool:
        if key in fields:
            return True
        from difflib import get_close_matches  # only for an error

        near = get_close_matches(key, fields, n=1)
        remedy = f'did you mean "{near[0]}"?' if near else f"known are {', '.join(fields)}"
        self.doubt(f"unknown key, {remedy}", member.at, (*path, key))
        return False

    def mapping(self, node: Node, args: tuple[Any, ...], path: Path) -> Any:
        if not isinstance(node, Object):
            return self.refuse(node, "a mapping", path)
        secret = args[0] is SecretValue
        shown = {member.key: (*path, _HIDDEN if secret else member.key) for member in node.members}
        return {
            SecretValue(key) if secret else key: self.value(member.value, args[1], shown[key])
            for key, member in self.members(node, path, hidden=secret)
        }

    def members(self, node: Object, path: Path, *, hidden: bool = False) -> Iterator[tuple[str, Member]]:
        seen: dict[str, Place | None] = {}
        for member in node.members:
            if member.key in seen:
                first = seen[member.key]
                where = f", first in line {first.line}" if first else ""
                self.doubt(f"given twice{where}", member.at, (*path, _HIDDEN if hidden else member.key))
            elif _is_half_pair(member.key):
                self.note(f"a key with {_HALF_PAIR}", member.at, path)
            else:
                seen[member.key] = member.at
                yield member.key, member

    def items(self, node: Node, kind: Any, path: Path) -> Any:
        if not isinstance(node, Array):
            return self.refuse(node, "a list", path)
        return tuple(self.value(item, kind, (*path, n)) for n, item in enumerate(node.items))

    def optional(self, node: Node, args: tuple[Any, ...], path: Path) -> Any:
        kinds = [arg for arg in args if arg is not type(None)]
        fitting = (kind for kind in kinds if (get_origin(kind) is tuple) == isinstance(node, Array))
        return None if _is_nothing(node, None) else self.value(node, next(fitting, kinds[0]), path)

    def is_nothing(self, node: Node, kind: Any) -> bool:
        """Whether a field with a default is left at it."""
        return _is_nothing(node, kind)

    def scalar(self, node: Node, kind: Kind, path: Path) -> Any:
        value = kind.read(node) if isinstance(node, Scalar) else None
        return self.refuse(node, kind.expected, path) if value is None else value

    def refuse(self, node: Node, expected: str, path: Path) -> None:
        self.note(f"expected {expected}, got {_describe(node)}", node.at, path)

    def note(self, text: str, at: Place | None, path: Path) -> None:
        self.problems.append(Problem(text, at, path))

    def doubt(self, text: str, at: Place | None, path: Path) -> None:
        """Note what a lenient reader would take no offence at."""
        self.note(text, at, path)


def _text(scalar: Scalar) -> str | None:
    # Nothing is refused, because `KEY:` is more often a forgotten value than an empty one.
    nothing = scalar.plain and not scalar.text
    return None if nothing or _is_half_pair(scalar.text) else scalar.text


def _is_half_pair(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)


def _secret(scalar: Scalar) -> SecretValue | None:
    text = _text(scalar)
    return None if text is None else SecretValue(text)


def _number(pattern: re.Pattern[str], cast: Callable[[str], object]) -> Callable[[Scalar], object]:
    return lambda scalar: cast(scalar.text) if scalar.plain and pattern.fullmatch(scalar.text) else None


def _one_of(choices: tuple[str, ...]) -> Kind:
    return Kind(f"one of {', '.join(choices)}", lambda scalar: scalar.text if scalar.text in choices else None)


def _is_nothing(node: Node, kind: Any) -> bool:
    # `null` is text where text is wanted, as every plain scalar is.
    nulls = {""} if kind in (str, SecretValue) else _NULLS
    return isinstance(node, Scalar) and node.plain and node.text in nulls


def _describe(node: Node) -> str:
    match node:
        case Object():
            return "a mapping"
        case Array():
            return "a list"
        case Scalar() if node.plain and not node.text:
            return 'nothing (an empty text is written "")'
        case Scalar() if _is_half_pair(node.text):
            return f"text with {_HALF_PAIR}"
        case Scalar():
            return "text"


def _reading_order(problem: Problem) -> tuple[int, int]:
    return (problem.at.line, problem.at.column) if problem.at else (0, 0)


KINDS: Final[Mapping[Any, Kind]] = {
    str: Kind("text", _text),
    SecretValue: Kind("text", _secret),
    int: Kind("a whole number", _number(_WHOLE, int)),
    float: Kind("a number", _number(_NUMBER, float)),
    bool: Kind("true or false", lambda scalar: _TRUTH.get(scalar.text) if scalar.plain else None),
}
