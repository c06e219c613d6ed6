"""printf beyond what the golden files of Go record: it never fails, shows nothing of Python, and knows its bounds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from secretsync.templates import printing
from secretsync.templates.errors import Excess
from secretsync.templates.printf.formats import compiled, printf
from secretsync.templates.values import MISSING, Record, StandIn, decoded

TEXTS = st.text(st.characters(exclude_categories=()), max_size=8)
SCALARS = (
    st.sampled_from([None, MISSING, True, False, StandIn()])
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.complex_numbers()
    | TEXTS
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXTS, inner, max_size=3)
        | st.builds(Record, st.sampled_from(["main.T", "*main.T"]), st.dictionaries(st.just("A"), inner))
    ),
    max_leaves=6,
)
DIRECTIVES = st.lists(st.sampled_from("%%%%[[]]**..0123-+# vTtbcdoOqxXUeEfFgGspwz!é\udcff{}'\"\\\n"), max_size=12)
FORMS = DIRECTIVES.map("".join) | TEXTS


@given(FORMS, st.lists(VALUES, max_size=4))
@example("%s%v%d%q", ["\ud800"] * 4)
@example("%#q%5s", ["\udcc3\udca9"] * 2)
def test_a_text_comes_of_any_format_and_any_values(form: str, args: list[Any]) -> None:
    text = printf(form, args)
    assert type(text) is str
    assert compiled(form, len(args))(*args) == text


@given(VALUES)
@example({"\ud800": ["\udfff", None]})
def test_any_value_can_be_printed(value: Any) -> None:
    assert printing.plain(value) == printf("%v", [value])
    assert printing.print_(value) + "\n" == printing.println(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_float_means_the_float(value: float) -> None:
    assert float(printing.plain(value)) == value
    assert float.fromhex(printf("%x", [value])) == value


@given(st.text(max_size=20))
def test_a_quoted_text_reads_back(text: str) -> None:
    quoted = printf("%+q", [text])
    assert quoted.isascii()
    assert eval(quoted) == text


def test_a_character_newer_than_gos_unicode_is_escaped_on_every_python() -> None:
    assert printf("%q %#U", ["\u2ffc", 0x2FFC]) == '"\\u2ffc" U+2FFC'


@pytest.mark.parametrize("form", ["{a0}", "{{", '"}"', "'", '"""', "\\", "{write0(a0)}%s", "\n", "__import__('os')%d"])
def test_the_text_of_a_format_is_never_code(form: str) -> None:
    assert compiled(form, 0)().startswith(form.partition("%")[0])


def test_a_verb_joined_from_pieces_is_one_character() -> None:
    assert printf(f"%{PIECES}", []) == "%!é(MISSING)"


PIECES = decoded(b"\xc3") + decoded(b"\xa9")
AWKWARD = [
    ("%3s", PIECES, "  é"),
    ("%.1s", PIECES + "x", "é"),
    ("%-3q", PIECES, '"é"'),
    ("%05s", "x", "0000x"),
    ("%.3d", 5, "005"),
    ("%5d", True, "%!d(bool= true)"),
    ("%05.1f", float("inf"), " +Inf"),
    ("%5.1f", float("nan"), "  NaN"),
    ("%#.0f", 1.0, "1."),
    ("%+6.1f", -0.0, "  -0.0"),
    ("%-06d|", -5, "-5    |"),
    ("% 05d", 42, " 0042"),
]


@pytest.mark.parametrize(("form", "value", "text"), AWKWARD)
def test_what_python_formats_otherwise_is_left_to_our_own(form: str, value: object, text: str) -> None:
    assert compiled(form, 1)(value) == printf(form, [value]) == text


@pytest.mark.parametrize("verb", "vTtbcdoOqxXUeEfFgGspwz")
def test_an_object_of_python_is_refused_and_not_looked_into(verb: str) -> None:
    class Foreign:
        def __getattribute__(self, name: str) -> Any:
            if name.startswith("__class"):
                return super().__getattribute__(name)
            raise AssertionError(name)

        def __str__(self) -> str:
            raise AssertionError

        __repr__ = __format__ = __str__  # type: ignore[assignment]

    for value in (Foreign(), [Foreign()], {"a": Foreign()}, b"raw"):
        with pytest.raises(TypeError, match="is no value of a template"):
            json.dumps([printf(f"%{verb}", [value]), printf("%#v", [value])])


@pytest.mark.parametrize("verb", "vdsqxXtfgU")
def test_a_stand_in_prints_as_nothing(verb: str) -> None:
    assert printf(f"<%{verb}>", [StandIn()]) == compiled(f"<%{verb}>", 1)(StandIn()) == "<>"
    assert printing.text(StandIn()) == printing.print_(StandIn()) == ""


def test_nil_and_what_is_missing_read_alike() -> None:
    for value in (None, MISSING):
        assert printing.text(value) == "<no value>"
        assert printing.print_(value) == "<nil>"
        assert printf("%v %s", [value, value]) == "<nil> %!s(<nil>)"


def test_an_address_is_the_same_in_every_run() -> None:
    pointer = Record("*main.T", {"A": 1})
    assert printf("%p %#p %v", [[], {}, [pointer]]) == "0xc000000000 c000000000 [0xc000000000]"
    assert printf("%p|%#v|%s|%d", [pointer, [pointer], [pointer], [pointer]]) == (
        "0xc000000000|[]interface {}{(*main.T)(0xc000000000)}|[%!s(*main.T=&{1})]|[824633720832]"
    )


def test_an_error_says_how_it_prints_before_a_string_does() -> None:
    record = Record("main.E", {}, {"Error": lambda: "an error", "String": lambda: "a string"})
    assert printf("%v %5.2s %q %d", [record, record, [record], record]) == 'an error    an ["an error"] {}'


def test_a_derived_class_prints_as_its_base() -> None:
    class Loud(str):
        __slots__ = ()

        def __str__(self) -> str:
            raise AssertionError

    class Number(int):
        def __repr__(self) -> str:
            raise AssertionError

    assert printing.text(Loud("x")) == printf("%s", [Loud("x")]) == "x"
    assert printing.text(Number(3)) == printf("%d", [Number(3)]) == compiled("%05d|%s", 2)(Number(3), "x")[4:5] == "3"


@pytest.mark.parametrize(
    ("form", "args"),
    [
        ("%1000000d" * 20, list(range(20))),
        ("%s" * 40, ["x" * 2**20] * 40),
        ("%*d" * 20, [1_000_000, 1] * 20),
        ("%1000000v", [[1] * 100]),
        ("%.900000d", [{str(number): number for number in range(100)}]),
        ("%900000v", [Record("main.T", {str(number): number for number in range(100)})]),
    ],
)
def test_a_text_of_absurd_length_is_refused_before_it_is_made(form: str, args: list[Any]) -> None:
    with pytest.raises(Excess, match="longer than 16777216 characters") as caught:
        printf(form, args)
    assert caught.value.limit == "text"
    with pytest.raises(Excess):
        compiled(form, len(args))(*args)
