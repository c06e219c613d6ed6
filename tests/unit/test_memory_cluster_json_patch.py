"""JSON patch: the examples of RFC 6902 that need no `move` or `copy`, what is refused, and the laws behind them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync_k8s.testing import ApiError
from secretsync_k8s.testing.patch import apply

RFC_6902 = {
    "A.1 adding a member": ({"foo": "bar"}, {"op": "add", "path": "/baz", "value": 1}, {"baz": 1, "foo": "bar"}),
    "A.2 adding an element": ({"foo": [1, 3]}, {"op": "add", "path": "/foo/1", "value": 2}, {"foo": [1, 2, 3]}),
    "A.3 removing a member": ({"baz": 1, "foo": 2}, {"op": "remove", "path": "/baz"}, {"foo": 2}),
    "A.4 removing an element": ({"foo": [1, 2, 3]}, {"op": "remove", "path": "/foo/1"}, {"foo": [1, 3]}),
    "A.5 replacing a value": ({"baz": 1}, {"op": "replace", "path": "/baz", "value": 2}, {"baz": 2}),
    "A.8 testing a value": ({"a": ["x", 2]}, {"op": "test", "path": "/a/1", "value": 2}, {"a": ["x", 2]}),
    "A.10 adding a nested member": (
        {"a": 1},
        {"op": "add", "path": "/b", "value": {"c": {}}},
        {"a": 1, "b": {"c": {}}},
    ),
    "A.11 ignoring what is unknown": ({}, {"op": "add", "path": "/a", "value": 1, "xyz": 2}, {"a": 1}),
    "A.14 escapes": ({"/": 9, "~1": 10}, {"op": "test", "path": "/~01", "value": 10}, {"/": 9, "~1": 10}),
    "A.16 adding an array value": ({"foo": [1]}, {"op": "add", "path": "/foo/-", "value": [2]}, {"foo": [1, [2]]}),
    "the whole": ({"a": 1}, {"op": "replace", "path": "", "value": {"b": 2}}, {"b": 2}),
    "add replaces a member": ({"a": 1}, {"op": "add", "path": "/a", "value": 2}, {"a": 2}),
    "add at the end by its number": ({"a": [1]}, {"op": "add", "path": "/a/1", "value": 2}, {"a": [1, 2]}),
    "replacing an element": ({"a": [1, 2]}, {"op": "replace", "path": "/a/1", "value": 3}, {"a": [1, 3]}),
    "null is a value": ({"a": 1}, {"op": "add", "path": "/b", "value": None}, {"a": 1, "b": None}),
}

REFUSED = {
    "A.9 a test that fails": ({"baz": "qux"}, {"op": "test", "path": "/baz", "value": "canary-1"}, 422),
    "A.12 adding below nothing": ({"foo": "bar"}, {"op": "add", "path": "/baz/bat", "value": "canary-1"}, 422),
    "removing nothing": ({}, {"op": "remove", "path": "/a"}, 422),
    "beyond the end": ({"a": [1]}, {"op": "add", "path": "/a/2", "value": "canary-1"}, 422),
    "replacing the end": ({"a": [1]}, {"op": "replace", "path": "/a/1", "value": "canary-1"}, 422),
    "removing the place behind the end": ({"a": [1]}, {"op": "remove", "path": "/a/-"}, 422),
    "a place with a leading zero": ({"a": [1, 2]}, {"op": "remove", "path": "/a/01"}, 422),
    "through a text": ({"a": "b"}, {"op": "add", "path": "/a/c", "value": "canary-1"}, 422),
    "an unknown operation": ({}, {"op": "spam", "path": "/a", "value": "canary-1"}, 400),
    "move, which is left out": ({"a": 1}, {"op": "move", "from": "/a", "path": "/b"}, 400),
    "no value": ({}, {"op": "add", "path": "/a"}, 400),
    "no path": ({}, {"op": "remove"}, 400),
    "a path without a slash": ({"a": 1}, {"op": "remove", "path": "a"}, 400),
    "no object": ({}, "canary-1", 400),
}


@pytest.mark.parametrize(("target", "operation", "result"), RFC_6902.values(), ids=RFC_6902)
def test_examples_of_the_rfc(target: Any, operation: Any, result: Any) -> None:
    before = deepcopy(target)
    assert apply(target, [operation]) == result
    assert target == before


@pytest.mark.parametrize(("target", "operation", "status"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_names_its_place_and_no_value(target: Any, operation: Any, status: int) -> None:
    with pytest.raises(ApiError) as caught:
        apply(target, [{"op": "test", "path": "", "value": target}, operation])
    assert caught.value.status == status
    assert "canary" not in str(caught.value)
    assert status == 400 or "operation 1:" in str(caught.value)


names = st.sampled_from(["a", "b", "/", "~", "~1", ""])
whole = st.recursive(
    st.none() | st.integers(0, 3), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)
)


def places(target: Any, at: str = "") -> list[tuple[str, Any]]:
    """Return every path of a document with what stands there."""
    if isinstance(target, dict):
        inner = [(f"{at}/{k.replace('~', '~0').replace('/', '~1')}", v) for k, v in target.items()]
    else:
        inner = [(f"{at}/{n}", v) for n, v in enumerate(target)] if isinstance(target, list) else []
    return [(at, target), *(found for path, value in inner for found in places(value, path))]


@given(whole)
def test_what_stands_at_a_path_passes_its_test(target: Any) -> None:
    operations = [{"op": "test", "path": path, "value": value} for path, value in places(target)]
    assert apply(target, operations) == target


@given(whole, whole, st.data())
def test_what_is_replaced_stands_there(target: Any, value: Any, data: st.DataObject) -> None:
    path, before = data.draw(st.sampled_from(places(target)))
    there = [{"op": "replace", "path": path, "value": value}, {"op": "test", "path": path, "value": value}]
    assert apply(apply(target, there), [{"op": "replace", "path": path, "value": before}]) == target


@given(whole, st.data())
def test_what_is_removed_and_added_again_is_as_before(target: Any, data: st.DataObject) -> None:
    paths = places(target)[1:]
    if paths:
        path, value = data.draw(st.sampled_from(paths))
        back = [{"op": "remove", "path": path}, {"op": "add", "path": path, "value": value}]
        assert apply(target, back) == target
