"""JSON beyond what the oracle's cases show: values that contain themselves, great depth, and what is not known yet."""

import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secretsync.templates import StandIn, Undecided
from secretsync.templates.errors import Excess
from secretsync.templates.gojson.read import Unreadable, from_json
from secretsync.templates.gojson.write import Unwritable, to_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=50)
@given(VALUES)
def test_what_is_written_means_the_value(value: object) -> None:
    for text in (to_json(value), to_json(value, escape_markup=False), to_json(value, indent="  ")):
        text.encode()
        assert from_json(text) == json.loads(json.dumps(value), parse_int=float)


@given(st.text())
def test_any_text_is_read_or_refused_as_python_does(text: str) -> None:
    try:
        expected = json.loads(text, parse_int=float, parse_constant=lambda _: 1 / 0)
    except (ValueError, ZeroDivisionError):
        with pytest.raises(Unreadable):
            from_json(text)
    else:
        assert from_json(text) == expected


@pytest.mark.parametrize("indent", ["", "  "])
def test_a_value_that_contains_itself_is_refused(indent: str) -> None:
    value: dict[str, object] = {"a": 1}
    value["self"] = [value]
    with pytest.raises(Unwritable, match=r"encountered a cycle via map\[string\]interface \{\}"):
        to_json(value, indent=indent)


def test_the_same_value_twice_is_no_cycle() -> None:
    twice: list[object] = [1.5]
    assert to_json({"a": twice, "b": [twice]}) == '{"a":[1.5],"b":[[1.5]]}'


def test_great_depth_is_refused() -> None:
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    twice: list[object] = []
    for _ in range(1_000):
        twice = [twice, twice]
    for deep in (value, twice):
        with pytest.raises(Excess):
            to_json(deep)
    for text in ["[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000]:
        with pytest.raises(Unreadable, match="exceeded max depth"):
            from_json(text)
    with pytest.raises(Excess):  # Go reads it
        from_json("[" * 9_000 + "]" * 9_000)
    with pytest.raises(Unreadable, match="looking for beginning of value"):
        from_json("[" * 900 + "x")


@pytest.mark.parametrize("indent", ["", "  "])
def test_what_would_be_too_long_is_never_made(indent: str) -> None:
    deep: object = ["x"] * 100_000
    for _ in range(200):
        deep = [deep]
    long = "x" * 2**20
    for value in [{"a": [long] * 17}, {str(at): long for at in range(17)}, deep if indent else [long, 1.5] * 17]:
        tracemalloc.start()
        with pytest.raises(Excess) as caught:
            to_json(value, indent=indent)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert caught.value.limit == "text"
        assert peak < 2**20


def test_an_answer_that_is_not_there_yet_is_not_written() -> None:
    with pytest.raises(Undecided):
        to_json({"a": [StandIn()]})


def test_an_error_quotes_no_data() -> None:
    with pytest.raises(Unreadable) as caught:
        from_json('{"c4n4ry": \x01}')
    assert str(caught.value) == "invalid character [redacted] looking for beginning of value"
