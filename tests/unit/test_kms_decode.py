"""Bodies as values: whatever a server sends, a document or a problem without values comes out."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.backends.kms.decode import Hidden, Malformed, document, project_id, single
from secretsync.values import Document, Row

scalars = st.none() | st.booleans() | st.integers() | st.text()
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)
keys = st.text(st.characters(codec="utf-8"), min_size=1)
rows = st.fixed_dictionaries(
    {"secretKey": keys, "secretValue": st.text(st.characters(codec="utf-8"))},
    optional={"id": keys, "version": st.integers(), "secretPath": st.just("/sub"), "tags": st.none()},
)


@given(st.lists(rows), st.lists(st.lists(rows), max_size=3))
def test_every_row_is_kept_in_its_place(own: list[dict[str, object]], imports: list[list[dict[str, object]]]) -> None:
    blocks = [{"environment": "dev", "secretPath": f"/{n}", "secrets": block} for n, block in enumerate(imports)]
    made = document({"secrets": own, "imports": blocks}, path="/here")
    sent = [(0, item) for item in own] + [(n, item) for n, block in enumerate(imports, 1) for item in block]
    assert [(row.block, row.key, row.value.text()) for row in made.rows] == [
        (n, item["secretKey"], item["secretValue"]) for n, item in sent
    ]
    assert all(row.path in ({"/here", "/sub"} if row.block == 0 else {f"dev:/{row.block - 1}"}) for row in made.rows)


@given(anything | st.fixed_dictionaries({"secrets": st.lists(anything, max_size=3), "imports": anything}))
def test_any_body_is_a_document_or_malformed(body: object) -> None:
    with suppress(Malformed, Hidden):
        assert isinstance(document(body, path="/"), Document)


@given(anything)
def test_any_body_is_a_project_or_malformed(body: object) -> None:
    with suppress(Malformed):
        assert isinstance(project_id(body), str)


@given(anything | st.fixed_dictionaries({"secret": rows | anything}))
def test_any_body_is_a_single_secret_or_malformed(body: object) -> None:
    with suppress(Malformed, Hidden):
        assert isinstance(single(body, environment="prod", path="/"), Row)


@pytest.mark.parametrize("name", ["secretKey", "secretValue"])
def test_half_a_character_is_refused_without_showing_the_rest(name: str) -> None:
    row = {"secretKey": "A", "secretValue": "x", name: "canary\ud800"}
    with pytest.raises(Malformed) as caught:
        document({"secrets": [row]}, path="/")
    assert str(caught.value) == f"{name} is no text"
    assert caught.value.__context__ is None  # the error of encoding would carry the value


def test_half_a_character_beside_key_and_value_is_left_out() -> None:
    row = {"secretKey": "A", "secretValue": "x", "secretComment": "\ud800", "secretPath": "\ud800"}
    (made,) = document({"secrets": [row]}, path="/here").rows
    assert (made.comment, made.path) == ("", "/here")
