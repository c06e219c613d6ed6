"""YAML text to a tree with places. The only module that imports yaml.

Composed from the parser's events and not with `yaml.compose`: that one recurses without bound, and resolves scalars to
types before anybody asked. Aliases share one node, so a short text cannot become a large tree. PyYAML's C parser is
used where it is built in. JSON is read as the YAML it also is; in it, characters outside the basic plane must stand as
themselves and not as a pair of escapes.
"""

from __future__ import annotations

import re
from typing import Final

import yaml

from ..errors import InvalidInput
from .tree import Array, Composed, Member, Node, Object, Place, Problem, Scalar

_PARSER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST: Final = 50
_UNREADABLE: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAG: Final = "tag:yaml.org,2002:"
_MERGE: Final = "<<"
_HINTS: Final = (
    ("mapping values are not allowed", 'a value that contains ": " needs quotes'),
    ("cannot start any token", "indent with spaces only, and quote a value that begins with @, ` or %"),
    ("escape", "in double quotes a backslash starts an escape; use single quotes, or write it twice"),
    ("unexpected end of stream", "this quote is not closed"),
    ("parsing a flow", "a bracket is not closed, or a comma is missing"),
)
"""What a parser's message contains, and the remedy. The message itself is not shown: it may quote the document."""


def compose(text: str, *, source: str, merges: bool = False) -> Composed:
    """Return the one document of a text; an empty text is an empty object.

    Args:
        text: YAML or JSON.
        source: Names the text in problems.
        merges: Merge keys (`<<`) are followed, as readers of YAML 1.1 do; else each is a problem.

    Raises:
        InvalidInput: It is not YAML, or nested deeper than anything that is meant. `source` names the text.
    """
    _refuse_unreadable(text, source)
    composer = _Composer(text, merges=merges)
    try:
        return composer.document()
    except yaml.MarkedYAMLError as error:
        problem = _syntax(error)
    except _TooDeep as error:
        problem = Problem(f"nested deeper than {_DEEPEST} levels", error.at)
    raise InvalidInput([problem.line(source)])


class _TooDeep(Exception):
    def __init__(self, at: Place) -> None:
        self.at = at


class _Composer:
    """One pass over the events of a text; not thread-safe."""

    def __init__(self, text: str, *, merges: bool) -> None:
        self.merges = merges
        self.events = iter(yaml.parse(text, Loader=_PARSER))
        self.anchors: dict[str, Node] = {}
        self.problems: list[Problem] = []

    def document(self) -> Composed:
        next(self.events)
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return Composed(Object((), Place(1, 1)))
        root = self.node(next(self.events), 0)
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            self.problems.append(Problem("a second document begins here; one is read", _place(after), harmless=True))
        return Composed(root, tuple(self.problems))

    def node(self, event: yaml.Event, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        if depth == _DEEPEST:
            raise _TooDeep(_place(event))
        self.refuse_tag(event)
        made = self.content(event, depth)
        if anchor := getattr(event, "anchor", None):
            self.anchors[anchor] = made
        return made

    def content(self, event: yaml.Event, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, plain=event.implicit[0], at=_place(event))
        if isinstance(event, yaml.SequenceStartEvent):
            return Array(tuple(self.items(depth)), _place(event))
        return Object(tuple(self.members(depth)), _place(event))

    def items(self, depth: int) -> list[Node]:
        items = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(event, depth + 1))
        return items

    def members(self, depth: int) -> list[Member]:
        members: list[Member] = []
        merged: list[Member] = []
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            at = _place(event)
            key = self.node(event, depth + 1)
            value = self.node(next(self.events), depth + 1)
            if not isinstance(key, Scalar):
                self.problems.append(Problem("a key must be text", at))
            elif key.plain and key.text == _MERGE and self.merges:
                merged += _merged(value)
            elif key.plain and key.text == _MERGE:
                self.problems.append(Problem('merge keys ("<<") are not supported; write the keys out', at))
            else:
                members.append(Member(key.text, value, at))
        return members + _without(merged, {member.key for member in members})

    def alias(self, event: yaml.AliasEvent) -> Node:
        at = _place(event)
        if (known := self.anchors.get(event.anchor or "")) is not None:
            return known
        # The name is not shown: a secret that begins with an asterisk and has no quotes looks like an alias.
        self.problems.append(Problem('no such anchor; a value that begins with "*" or "&" needs quotes', at))
        return Scalar("", plain=True, at=at)

    def refuse_tag(self, event: yaml.Event) -> None:
        tag = getattr(event, "tag", None)
        if tag not in (None, "!") and not tag.startswith(_TAG):
            self.problems.append(
                Problem('tags are not supported; a value that begins with "!" needs quotes', _place(event))
            )


def _merged(value: Node) -> list[Member]:
    """Return what a merge key brings: the members of an object, or of several, the first of which count."""
    match value:
        case Object(members):
            return list(members)
        case Array(items):
            return [member for item in items for member in _merged(item)]
    return []


def _without(merged: list[Member], own: set[str]) -> list[Member]:
    """Return the first member of each key that is not among the object's own."""
    first = {member.key: member for member in reversed(merged)}
    return [member for key, member in first.items() if key not in own]


def _refuse_unreadable(text: str, source: str) -> None:
    found = _UNREADABLE.search(text)
    if found is None:
        return
    before = text[: found.start()].split("\n")
    at = Place(len(before), len(before[-1]) + 1)
    problem = Problem("a character that YAML does not allow; write it as an escape in double quotes", at)
    raise InvalidInput([problem.line(source)])


def _syntax(error: yaml.MarkedYAMLError) -> Problem:
    said = f"{error.problem} {error.context}"
    unclosed = "end of stream" in said or "parsing a flow" in said
    mark = error.context_mark if unclosed else error.problem_mark  # where it opened tells more than where the text ends
    hint = next(
        (hint for sign, hint in _HINTS if sign in said), "check quotes, brackets and indentation here and above"
    )
    return Problem(f"not valid YAML: {hint}", Place(mark.line + 1, mark.column + 1) if mark else None)


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
