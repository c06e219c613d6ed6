"""Values: they never show, and a document becomes one value a key by fixed rules."""

from __future__ import annotations

import copy
import pickle
import traceback
from collections.abc import Callable
from string import ascii_letters

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from secretsync.policies import KMS_OWNER
from secretsync.queries import Found, Identity
from secretsync.reconcile.messages import Answered, Fetch, Perform, Performed, Subject
from secretsync.targets import Create, Target, Update
from secretsync.values import Document, Flatten, Row, SecretValue, Version
from worlds import DIGEST, Credentials, secret

CANARY = "c4n4ry-value"
SECRET = SecretValue(CANARY)
SHOWS: list[Callable[[object], str]] = [repr, str, "{}".format, "{!r:>80}".format, lambda value: f"{value}"]

REF = secret("t")
ROW = Row("A", SECRET)
FETCH = Fetch("kms", (Credentials("c"),), {}, Found(SECRET))
CREATE = Create({"A": SECRET}, {}, "one")
UPDATE = Update({"A": SECRET}, frozenset(), {}, "one", "u", Version("1"))
CARRIERS = [
    SECRET,
    ROW,
    Document((ROW,)),
    Document((ROW,)).fields(Flatten()),
    Found(SECRET),
    Found(Document((ROW,))),
    Target(REF, {"A": SECRET}, KMS_OWNER, "one"),
    CREATE,
    UPDATE,
    FETCH,
    Answered(FETCH, {Credentials("c"): Found(SECRET)}, 0.0),
    Perform("cluster", "one", REF, CREATE),
    Performed(Perform("cluster", "one", REF, UPDATE), Found(SECRET)),
    Identity("kms", "m", Credentials("c"), CANARY.encode()),
    Subject("one", "cluster", lambda ask: (), CANARY.encode(), 60.0),
]


def name(carrier: object) -> str:
    return type(carrier).__name__


@pytest.mark.parametrize("carrier", CARRIERS, ids=name)
def test_nothing_that_carries_a_value_shows_it(carrier: object) -> None:
    for show in SHOWS:
        assert CANARY not in show(carrier)


@pytest.mark.parametrize("carrier", CARRIERS[:3], ids=name)
@pytest.mark.parametrize("smuggle", [pickle.dumps, copy.deepcopy], ids=["pickle", "deepcopy"])
def test_nothing_that_carries_a_value_is_pickled(carrier: object, smuggle: Callable[[object], object]) -> None:
    with pytest.raises(TypeError, match="never pickled"):
        smuggle(carrier)


def test_a_traceback_with_the_locals_does_not_show_it() -> None:
    def fail(value: SecretValue, document: Document) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError) as caught:
        fail(SECRET, Document((ROW,)))
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert "value = SecretValue" in "".join(told.format())
    assert CANARY not in "".join(told.format())


def test_text_of_bytes_that_are_none_names_neither_bytes_nor_position() -> None:
    with pytest.raises(ValueError, match=r"not UTF-8 text; read it with reveal\(\)$") as caught:
        SecretValue(b"c4n4ry\xff").text()
    assert caught.value.__context__ is None, "the original carries the bytes"
    assert SecretValue("päss").text() == "päss"


def test_a_value_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="immutable"):
        SECRET._raw = b"other"  # type: ignore[misc]


@given(st.binary(), st.binary())
def test_values_are_equal_as_their_bytes_are(one: bytes, other: bytes) -> None:
    assert (SecretValue(one) == SecretValue(other)) == (one == other)
    assert SecretValue(one) == SecretValue(one)
    assert hash(SecretValue(one)) == hash(SecretValue(one))
    assert SecretValue(one) != one


@given(st.text(ascii_letters, min_size=8))
def test_no_generated_value_shows(text: str) -> None:
    document = Document((Row("_", SecretValue(f"<{text}>")),))
    assert f"<{text}>" not in f"{document!r}{document.rows[0].value}"


# -- one value a key


def row(key: str, value: str, path: str = "/", block: int = 0) -> Row:
    return Row(key, SecretValue(value), path=path, block=block)


FIRST, LAST = Flatten(imports="first"), Flatten(imports="last")
TABLE = [
    pytest.param([row("A", "own"), row("A", "imported", block=1)], LAST, "own", id="own beats imported"),
    pytest.param([row("A", "imported", block=1), row("A", "own")], FIRST, "own", id="in whatever order they came"),
    pytest.param([row("A", "1", block=1), row("A", "2", block=2)], LAST, "2", id="the last import"),
    pytest.param([row("A", "1", block=1), row("A", "2", block=2)], FIRST, "1", id="the first import"),
    pytest.param([row("A", "2", block=2), row("A", "1", block=1)], FIRST, "1", id="by block, not by row"),
    pytest.param([row("A", "1", block=1), row("A", "2", block=1)], LAST, "1", id="the first row of an import"),
    pytest.param([row("A", "b", "/b"), row("A", "a", "/a")], Flatten(), "b", id="duplicates: last in path order"),
    pytest.param([row("A", "1", "/a"), row("A", "2", "/a")], Flatten(), "2", id="of one path the last row"),
]


@pytest.mark.parametrize(("rows", "flatten", "value"), TABLE)
def test_which_value_counts(rows: list[Row], flatten: Flatten, value: str) -> None:
    assert Document(tuple(rows)).fields(flatten) == {"A": SecretValue(value)}


def test_keys_come_sorted_and_cannot_be_changed() -> None:
    fields = Document((row("B", "2"), row("A", "1"))).fields(Flatten())
    assert list(fields) == ["A", "B"]
    with pytest.raises(TypeError):
        fields["A"] = SECRET  # type: ignore[index]


def test_duplicates_are_told_with_their_places() -> None:
    rows = row("A", "1", "/b"), row("A", "2", "/a"), row("B", "1", "/a"), row("B", "2", "/a", block=1)
    assert Document(rows).duplicates() == {"A": ("/a", "/b")}


ROWS = st.lists(
    st.builds(row, st.sampled_from("ABC"), st.sampled_from("123"), st.sampled_from(["/", "/x"]), st.integers(0, 2)),
    max_size=6,
)
RULES = st.builds(Flatten, st.sampled_from(["first", "last"]))


@given(ROWS, RULES)
def test_every_key_keeps_one_of_its_own_values(rows: list[Row], flatten: Flatten) -> None:
    fields = Document(tuple(rows)).fields(flatten)
    assert fields.keys() == {row.key for row in rows}
    for key, value in fields.items():
        own = [row.value for row in rows if row.key == key and not row.block]
        assert value in (own or [row.value for row in rows if row.key == key])


@given(ROWS.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))), RULES)
@example(([row("A", "1", "/x", block=1), row("A", "2", "/", block=1)],) * 2, FIRST)
def test_documents_of_one_digest_have_the_same_fields(orders: tuple[list[Row], list[Row]], flatten: Flatten) -> None:
    documents = Document(tuple(orders[0])), Document(tuple(reversed(orders[1])))
    if DIGEST(documents[0]) == DIGEST(documents[1]):
        assert documents[0].fields(flatten) == documents[1].fields(flatten)


@given(ROWS, st.randoms())
def test_the_order_of_different_own_rows_does_not_count(rows: list[Row], chance) -> None:
    unique = list({(row.block, row.path, row.key): row for row in rows if not row.block}.values())
    shuffled = list(unique)
    chance.shuffle(shuffled)
    one, other = Document(tuple(unique)), Document(tuple(shuffled))
    assert DIGEST(one) == DIGEST(other)
    assert one.fields(Flatten()) == other.fields(Flatten())


@given(ROWS, RULES)
def test_what_is_no_value_does_not_count(rows: list[Row], flatten: Flatten) -> None:
    edited = [attrs.evolve(row, id="7", version="2", comment="new", tags=("x",)) for row in rows]
    assert DIGEST(Document(tuple(rows))) == DIGEST(Document(tuple(edited)))
