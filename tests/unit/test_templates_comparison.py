"""Comparisons beyond what the golden files of Go record: order by bytes, records, stand-ins, no value in an error."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from secretsync.templates.comparison import ComparisonError, eq, ge, gt, le, lt, ne
from secretsync.templates.values import MISSING, Record, StandIn, Undecided, decoded

CANARY = "c4n4ry-value"
TWO = [eq, ne, lt, le, gt, ge]
BYTES = st.binary(max_size=4).map(decoded)


@given(BYTES, BYTES)
@example("\udcff", "😀")
@example("é", "\udce9")
def test_strings_are_ordered_by_their_bytes(one: str, other: str) -> None:
    raw, other_raw = (text.encode("utf-8", "surrogateescape") for text in (one, other))
    assert [compare(one, other) for compare in TWO] == [
        raw == other_raw,
        raw != other_raw,
        raw < other_raw,
        raw <= other_raw,
        raw > other_raw,
        raw >= other_raw,
    ]


def test_a_character_in_pieces_equals_the_whole_one() -> None:
    assert eq(decoded(b"\xc3") + decoded(b"\xa9"), "é")


def test_what_is_missing_is_nil() -> None:
    assert eq(MISSING, None)
    assert ne(MISSING, "")


def test_those_beyond_an_equal_one_are_not_looked_at() -> None:
    assert eq(1, 2, 1, "three")
    with pytest.raises(ComparisonError, match=r"^incompatible types for comparison: int and string$"):
        eq(1, 2, "three", 1)


def test_pointers_are_equal_by_identity_and_structs_by_their_fields() -> None:
    pointer = Record("*main.Pair", {"Key": "k"})
    assert eq(pointer, pointer)
    assert ne(pointer, Record("*main.Pair", {"Key": "k"}))
    assert eq(Record("main.Pair", {"Key": "k"}), Record("main.Pair", {"Key": "k"}))
    assert ne(Record("main.Pair", {"Key": "k"}), Record("main.Pair", {"Key": "other"}))
    assert ne(Record("main.Pair", {"Key": "k"}), Record("main.Other", {"Key": "k"}))


@pytest.mark.parametrize("compare", TWO)
def test_a_stand_in_decides_nothing(compare: Callable[[object, object], bool]) -> None:
    for one, other in ((StandIn(), 1), ("x", StandIn()), (StandIn(), None)):
        with pytest.raises(Undecided):
            compare(one, other)


@pytest.mark.parametrize("compare", TWO)
def test_an_error_shows_no_value(compare: Callable[[object, object], bool]) -> None:
    for one, other in (([CANARY], [CANARY]), ({"a": CANARY}, [CANARY]), (CANARY, 1), ([CANARY], CANARY)):
        with pytest.raises(ComparisonError) as caught:
            compare(one, other)
        assert CANARY not in str(caught.value)
