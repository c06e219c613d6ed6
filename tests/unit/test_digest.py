"""Digests: no two different things share one, and only what may be digested is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum, IntEnum, StrEnum
from types import MappingProxyType

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.digest import SIZE, Digester
from secretsync.values import Document, Row, SecretValue
from worlds import DIGEST


class Colour(Enum):
    RED = 1


class Hue(Enum):
    RED = 1


class Name(str):
    __slots__ = ()


class Word(StrEnum):
    RED = "red"


class Number(IntEnum):
    ONE = 1


@attrs.frozen
class Point:
    x: object
    y: object


@attrs.frozen
class Place:
    x: object
    y: object


ELSEWHERE = type("Colour", (), {"__module__": "elsewhere"})

DIFFERENT = [
    None, True, 1, 1.0, "1", b"1", SecretValue("1"), Number.ONE, "", b"", SecretValue(""), (), frozenset(), {},
    Document(), (None,), ((),), ("a", "b"), (("a",), "b"), ("ab",), {"a": "b"}, frozenset({"a", "b"}),
    "red", Word.RED, Colour.RED, Hue.RED, Colour, Hue, Point, Point(1, 2), Place(1, 2), (1, 2), Point((1,), 2),
    datetime(2030, 1, 1, tzinfo=UTC), "2030-01-01T00:00:00+00:00", {"a": {"b": "c"}}, {"a": ("b", "c")},
    (("a", "b"),), ("at", "b"), ("a", "tb"), ELSEWHERE, Document((Row("A", SecretValue("1")),)), Document((Row("A", SecretValue("1"), block=1),)),
]  # fmt: skip


def test_no_two_of_these_share_a_digest() -> None:
    digests = {DIGEST(value): value for value in DIFFERENT}
    assert len(digests) == len(DIFFERENT)
    assert {len(digest) for digest in digests} == {SIZE}


def test_a_document_is_digested_as_the_sequence_of_its_rows_parts() -> None:
    """By the recorded digest: others were kept of documents that did not change since."""
    rows = (Row("B", SecretValue("2"), path="/a", id="x"), Row("A", SecretValue("1"), block=1, comment="y"))
    digest = Digester(b"k" * 32)
    assert digest(Document(rows)).hex() == "8f3c9bf9f4f3dae189a6ba8ee4aef943"
    assert digest(Document(rows[::-1])) == digest(Document(rows))


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.binary(max_size=3)
TREES = st.recursive(
    LEAVES, lambda tree: st.lists(tree, max_size=3).map(tuple) | st.dictionaries(st.text(max_size=2), tree, max_size=3)
)


def shape(value: object) -> object:
    """The value with the kind of every part, since 1 == True."""
    match value:
        case Mapping():
            return {key: shape(part) for key, part in value.items()}
        case tuple():
            return [shape(part) for part in value]
        case _:
            return (type(value), value)


@given(TREES, TREES)
def test_digests_are_equal_as_their_values_are(one: object, other: object) -> None:
    assert (DIGEST(one) == DIGEST(other)) == (shape(one) == shape(other))


@given(st.lists(st.text(max_size=3), max_size=4), st.lists(st.text(max_size=3), max_size=4))
def test_neighbours_do_not_flow_together(one: list[str], other: list[str]) -> None:
    assert (DIGEST(tuple(one)) == DIGEST(tuple(other))) == (one == other)


@given(st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=5))
def test_the_order_of_a_mapping_does_not_count(content: dict[str, str]) -> None:
    assert DIGEST(content) == DIGEST(MappingProxyType(dict(reversed(content.items()))))


def test_members_of_a_set_need_no_order_of_their_own() -> None:
    assert DIGEST(frozenset({Point(1, 2), Colour.RED, "a"})) == DIGEST({"a", Colour.RED, Point(1, 2)})


def test_a_kind_of_text_is_digested_as_text() -> None:
    assert DIGEST(Name("a")) == DIGEST("a")


@pytest.mark.parametrize(
    "value", [object(), bytearray(b"1"), lambda: None, iter(()), {"deep": [object()]}], ids=lambda v: type(v).__name__
)
def test_what_has_no_encoding_of_its_own_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="has no digest"):
        DIGEST(value)


def test_another_key_makes_another_digest_and_does_not_show() -> None:
    assert DIGEST("a") != Digester(b"other")("a")
    assert "install key" not in repr(DIGEST)


def test_the_version_text_of_a_target() -> None:
    text = DIGEST.rendered({"A": SecretValue("1")})
    assert text == f"v2:{DIGEST({'A': SecretValue('1')}).hex()}"
    assert len(text) == len("v2:") + 32
