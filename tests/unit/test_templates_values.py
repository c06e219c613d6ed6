"""What a template can hold: how Go names it, and strings as the bytes that Go would hold."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.templates import ExecutionError, parse
from secretsync.templates.functions import Function
from secretsync.templates.values import (
    LIST,
    MAP,
    MISSING,
    Int64,
    Missing,
    Record,
    StandIn,
    TypedList,
    TypedMap,
    Uint8,
    decoded,
    encoded,
    kind,
    type_name,
    well_formed,
)

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
    (Int64(7), "int64"),
    (Uint8(7), "uint8"),
    (TypedList("[]string"), "[]string"),
    (TypedMap("map[string]string"), "map[string]string"),
]
KINDS = ["invalid"] * 3 + ["bool", "int", "float64", "complex128", "string", "string", "map", "map", "slice", "slice"]
KINDS += ["struct", "ptr", "int64", "uint8", "slice", "map"]


@pytest.mark.parametrize(("value", "name"), NAMES)
def test_a_value_has_the_name_of_its_type_in_go(value: object, name: str) -> None:
    assert type_name(value) == name


@pytest.mark.parametrize(("value", "expected"), [(value, kind) for (value, _), kind in zip(NAMES, KINDS, strict=True)])
def test_a_value_has_its_kind_in_go(value: object, expected: str) -> None:
    assert kind(value) == expected


TYPED = {
    "long": Int64(-3),
    "byte": Uint8(7),
    "texts": TypedList("[]string", ["a", "b"]),
    "empty": [],
    "nil": TypedList(LIST, is_nil=True),
    "map": TypedMap("map[string]string", {"k": "v"}),
    "nilmap": TypedMap(MAP, is_nil=True),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{.long}} {{.byte}} {{.texts}} {{.nil}} {{.map}} {{.nilmap}}", "-3 7 [a b] [] map[k:v] map[]"),
        ('{{printf "%T %T %T %T" .long .byte .texts .map}}', "int64 uint8 []string map[string]string"),
        ('{{printf "%d %x %#v %#v" .byte .long .byte .long}}', "7 -3 0x7 -3"),
        (
            '{{printf "%#v %#v %#v" .texts .nil .nilmap}}',
            '[]string{"a", "b"} []interface {}(nil) map[string]interface {}(nil)',
        ),
        ("{{eq .long -3}}{{eq .byte 7}}{{lt .long .byte}}{{eq .long .byte}}", "truetruetruefalse"),
        ("{{eq .nil nil}}{{eq .empty nil}}{{eq .nil .nil}}{{eq .nilmap nil}}", "truefalsetruetrue"),
        ('{{printf "%T" (slice .texts 1)}}{{printf "%T" (index "a" 0)}}', "[]stringuint8"),
        ('[{{index .map "none"}}] {{.map.none}}', "[] <no value>"),
        ('{{range .byte}}{{printf "%T" .}}{{break}}{{end}}', "uint8"),
    ],
)
def test_values_of_other_types_behave_as_in_go(text: str, expected: str) -> None:
    assert parse("t", text).render(TYPED) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{eq .long 1.5}}", "incompatible types for comparison: int64 and float64"),
        ("{{eq .nil 1}}", r"incompatible types for comparison: \[\]interface {} and int"),
        ("{{eq .texts .empty}}", r"non-comparable type \[redacted\]: \[\]interface {}"),
        ("{{takes .long}}", "wrong type for value; expected int; got int64"),
        ("{{lists .texts}}", r"wrong type for value; expected \[\]interface {}; got \[\]string"),
        ("{{maps .map}}", r"wrong type for value; expected map\[string\]interface {}; got map\[string\]string"),
        ("{{range texts}}{{.x}}{{end}}", "can't evaluate field x in type string"),
    ],
)
def test_their_errors_are_gos(text: str, expected: str) -> None:
    functions = {
        "takes": Function(str, ("int",)),
        "lists": Function(str, (LIST,)),
        "maps": Function(str, (MAP,)),
        "texts": Function(lambda: TypedList("[]string", ["a"]), gives="[]string"),
    }
    with pytest.raises(ExecutionError, match=expected):
        parse("t", text, functions=functions).render(TYPED)


def test_a_typed_map_without_a_key_has_its_zero() -> None:
    assert parse("t", "[{{.map.none}}]", missing_key="zero").render(TYPED) == "[]"


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
