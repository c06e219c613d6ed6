"""YAML as Go's yaml.v3 reads it. PyYAML's parser brings the events; what a scalar means is ours to say.

A key is always a text here: where Go makes a map with keys of other types, `{1: a}`, it is found as `"1"`.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import yaml

from ..errors import FunctionError
from ..functions import Function
from ..values import MAP, decoded
from .yaml_scalars import MERGE, resolved

_DEEPEST: Final = 100
_TAG: Final = "tag:yaml.org,2002:"


def from_yaml(text: str) -> dict[str, object]:
    """Return the map that the first document of a YAML text is; an empty one of no document, or of null."""
    try:
        found = _Reader(iter(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))).document()
    except (yaml.YAMLError, UnicodeEncodeError):
        raise FunctionError("the text is no YAML") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise FunctionError("the YAML document is no map")
    return found


class _Reader:
    """Makes a value of the events of a document."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self.events = events
        self.anchors: dict[str, object] = {}

    def document(self) -> object:
        """Return the value of the first document."""
        next(self.events)
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return None
        return self.value(next(self.events), 0)

    def value(self, event: yaml.Event, depth: int) -> object:
        """Return the value that begins with an event."""
        if depth > _DEEPEST:
            raise FunctionError(f"the YAML is nested deeper than {_DEEPEST} levels")
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event.anchor)
        if isinstance(event, yaml.ScalarEvent):
            found = _scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            found = list(self.until(yaml.SequenceEndEvent, depth))
        else:
            found = self.mapping(depth)
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            self.anchors[event.anchor] = found
        return found

    def alias(self, anchor: str | None) -> object:
        if anchor is None or anchor not in self.anchors:
            raise FunctionError("an alias of the YAML has no anchor before it")
        return self.anchors[anchor]

    def until(self, end: type[yaml.Event], depth: int) -> Iterator[object]:
        while not isinstance(event := next(self.events), end):
            yield self.value(event, depth + 1)

    def mapping(self, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        merged: dict[str, object] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.key(event)
            value = self.value(next(self.events), depth + 1)
            if key == MERGE and isinstance(event, yaml.ScalarEvent) and event.implicit[0]:
                merged = {**_merged(value), **merged}
                continue
            if key in found:
                raise FunctionError("a key of the YAML is there twice")
            found[key] = value
        return {**found, **{key: value for key, value in merged.items() if key not in found}}

    def key(self, event: yaml.Event) -> str:
        if isinstance(event, yaml.AliasEvent) and isinstance(held := self.alias(event.anchor), str):
            return held
        if not isinstance(event, yaml.ScalarEvent):
            raise FunctionError("a key of the YAML is no scalar")
        if event.anchor is not None:
            self.anchors[event.anchor] = _scalar(event)
        return str(event.value)


def _merged(value: object) -> dict[str, object]:
    """Return what a merge key brings: a map, or of several the first that has a key."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and all(isinstance(element, dict) for element in value):
        return {key: held for element in reversed(value) for key, held in element.items()}
    raise FunctionError("a map merge of the YAML requires a map or a list of maps")


def _scalar(event: yaml.ScalarEvent) -> object:
    tag = event.tag
    if tag is None or tag == "!":
        return resolved(event.value) if event.implicit[0] and not event.style else event.value
    read = _TAGGED.get(tag.removeprefix(_TAG))
    return event.value if read is None else read(event.value)


def _binary(text: str) -> str:
    try:
        return decoded(binascii.a2b_base64("".join(text.split()), strict_mode=True))
    except binascii.Error:
        raise FunctionError("a binary scalar of the YAML is no base64") from None


def _of(*kinds: type) -> Callable[[str], object]:
    def read(text: str) -> object:
        value = resolved(text)
        if type(value) not in kinds:
            raise FunctionError("a scalar of the YAML is not what its tag says")
        return float(value) if kinds[0] is float else value  # type: ignore[arg-type]  # it is a number then

    return read


_TAGGED: Final[Mapping[str, Callable[[str], object]]] = {
    "binary": _binary,
    "bool": _of(bool),
    "float": _of(float, int),
    "int": _of(int),
    "null": _of(type(None)),
}
"""How scalars with a tag are read; with any other they are texts."""

FUNCTIONS: Final[Mapping[str, Function]] = {
    "fromYaml": Function(from_yaml, ("string",), gives=MAP),
}
