"""What a template can hold: how Go names it, and strings as the bytes that Go would hold."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.templates.values import MISSING, Missing, Record, StandIn, decoded, encoded, type_name, well_formed

CANARY = "c4n4ry-value"


class Text(str):
    __slots__ = ()


NAMES = [
    (None, "<nil>"),
    (MISSING, "<nil>"),
    (StandIn(), "<nil>"),
    (True, "bool"),
    (7, "int"),
    (7.0, "float64"),
    (2j, "complex128"),
    ("x", "string"),
    (Text("x"), "string"),
    ({}, "map[string]interface {}"),
    (MappingProxyType({}), "map[string]interface {}"),
    ([], "[]interface {}"),
    ((), "[]interface {}"),
    (Record("main.Pair", {}), "main.Pair"),
    (Record("*main.Pair", {}), "*main.Pair"),
]


@pytest.mark.parametrize(("value", "name"), NAMES)
def test_a_value_has_the_name_of_its_type_in_go(value: object, name: str) -> None:
    assert type_name(value) == name


@pytest.mark.parametrize("value", [CANARY.encode(), {CANARY}, object(), type_name, range(3)])
def test_anything_else_is_refused_without_being_shown(value: object) -> None:
    with pytest.raises(TypeError, match="is no value of a template") as caught:
        type_name(value)
    assert CANARY not in str(caught.value)


def test_a_record_shows_its_type_alone() -> None:
    assert repr(Record("main.Pair", {"Key": CANARY})) == "Record(main.Pair)"


def test_what_is_missing_is_false_and_reads_as_its_name() -> None:
    assert not MISSING
    assert repr(MISSING) == "MISSING"
    assert isinstance(MISSING, Missing)


@given(st.binary())
def test_any_bytes_become_a_text_and_the_same_bytes_again(raw: bytes) -> None:
    assert encoded(decoded(raw)) == raw
    assert well_formed(decoded(raw)) == decoded(raw)


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_has_bytes(text: str) -> None:
    assert decoded(encoded(text)) == well_formed(text)


def test_a_surrogate_that_stands_for_no_byte_is_replaced_as_in_go() -> None:
    assert encoded("a\ud800\udcff\udfff") == b"a\xef\xbf\xbd\xff\xef\xbf\xbd"


def test_a_character_joined_from_pieces_is_one() -> None:
    assert well_formed(decoded(b"\xc3") + decoded(b"\xa9")) == "é"
