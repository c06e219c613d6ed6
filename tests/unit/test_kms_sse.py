"""Server-sent events: bytes in any pieces become the same frames, and what a frame says becomes places."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.auth.token import Token
from secretsync.backends.kms.events import EVERYWHERE, Place, Watched, happened, imported, widened
from secretsync.backends.kms.queries import Folder
from secretsync.backends.kms.sse import Frame, Frames
from secretsync.queries import Identity, Query, query
from secretsync.values import Document, Row, SecretValue


@query
class Kept(Query[object]):
    """Stands for where a shell keeps credentials."""


WHO = Identity("https://kms.example", "universal-auth", Kept(), b"")


def frames(pieces: Iterable[bytes], *, most: int = 1 << 20) -> list[Frame]:
    reading = Frames(most=most)
    return [frame for piece in pieces for frame in reading.feed(piece)]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"event: ping\n\n", [Frame("ping")]),
        (b"id: 1\nevent: a\ndata: x\n\n", [Frame("a", "x")]),
        (b"event:a\r\ndata:x\r\n\r\n", [Frame("a", "x")]),
        (b"data: x\rdata: y\r\r\n", [Frame("message", "x\ny")]),
        (b": comment\n\ndata\n\n", [Frame("message", "")]),
        (b"data: \xff\n\n", [Frame("message", "\ufffd")]),
        (b"data: x\n", []),
        (b"data: x\n\ndata: y\n\n", [Frame("message", "x"), Frame("message", "y")]),
        (b"event: a\n\ndata: of another\n\n", [Frame("a"), Frame("message", "of another")]),
    ],
)
def test_frames_are_read_as_they_are_written(raw: bytes, expected: list[Frame]) -> None:
    assert frames([raw]) == expected


lines = st.sampled_from([b"event: a", b"data: x", b"data:  y:z", b": c", b"id: 1", b"", b"", b"other"])
ends = st.sampled_from([b"\n", b"\r\n"])


@given(st.lists(st.tuples(lines, ends), max_size=12), st.data())
def test_any_pieces_give_the_same_frames(written: list[tuple[bytes, bytes]], data: st.DataObject) -> None:
    raw = b"".join(line + end for line, end in written)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(raw)), max_size=6)))
    pieces = [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    assert frames(pieces) == frames([raw])


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_frame_that_is_too_long_is_passed_over_and_the_stream_goes_on(size: int) -> None:
    raw = b"event: big\ndata: " + b"x" * 500 + b"\n\nevent: a\ndata: y\n\n"
    pieces = [raw[n : n + size] for n in range(0, len(raw), size)]
    found = frames(pieces, most=100)
    assert [frame.oversize for frame in found] == [True, False]
    assert found[-1] == Frame("a", "y")
    assert found[0].data == ""


# -- what a frame says


def told(payload: object) -> Frame:
    return Frame("secret:update", json.dumps({"projectType": "secret-manager", "data": {"payload": payload}}))


@pytest.mark.parametrize(
    ("frame", "places"),
    [
        (Frame("ping"), ()),
        (told([{"environment": "prod", "secretPath": "/app/", "secretKey": "A"}]), (Place("prod", "/app"),)),
        (told([{"environment": "prod", "secretPath": "/", "secretKeys": "A"}] * 2), (Place("prod", "/"),)),
        (told({"environment": "prod", "secretPath": "/app"}), (Place("prod", "/app"),)),
        (told([]), ()),
        (told([{"environment": "prod"}]), (EVERYWHERE,)),
        (told([{"environment": 5, "secretPath": "/"}]), (EVERYWHERE,)),
        (told("x"), (EVERYWHERE,)),
        (Frame("secret:update", "{"), (EVERYWHERE,)),
        (Frame("secret:update", "[]"), (EVERYWHERE,)),
        (Frame("secret:update", "[" * 100_000), (EVERYWHERE,)),
        (Frame("new-kind", "{}"), (EVERYWHERE,)),
        (Frame("secret:update", "", oversize=True), (EVERYWHERE,)),
    ],
)
def test_what_cannot_be_understood_may_have_changed_anything(frame: Frame, places: tuple[Place, ...]) -> None:
    assert happened(frame) == places


# -- what is watched


def watched(path: str, *, recursive: bool = False, also: Iterable[Place] = ()) -> Watched:
    return Watched(Folder(WHO, "p", "prod", path, recursive=recursive), frozenset(also))


@pytest.mark.parametrize(
    ("one", "place", "touched"),
    [
        (watched("/app"), Place("prod", "/app"), True),
        (watched("/app"), Place("dev", "/app"), False),
        (watched("/app"), Place("prod", "/app/sub"), False),
        (watched("/app", recursive=True), Place("prod", "/app/sub"), True),
        (watched("/app", recursive=True), Place("prod", "/application"), False),
        (watched("/", recursive=True), Place("prod", "/x"), True),
        (watched("/app", also=[Place("dev", "/shared")]), Place("dev", "/shared"), True),
        (watched("/app"), EVERYWHERE, True),
    ],
)
def test_a_change_touches_what_is_made_of_its_place(one: Watched, place: Place, touched: bool) -> None:  # noqa: FBT001
    assert one.touched(place) is touched


def test_the_places_of_imports_are_known_from_the_answer() -> None:
    rows = (Row("A", SecretValue("x")), Row("B", SecretValue("x"), path="dev:/a:b", block=1))
    assert imported(Document(rows)) == {Place("dev", "/a:b")}


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([Place("prod", "/a")], [Place("prod", "/a")]),
        ([Place("prod", "/a"), Place("prod", "/b")], [Place("prod", "/a"), Place("prod", "/b")]),
        ([Place("prod", f"/app/{n}") for n in range(3)], [Place("prod", "/app", below=True)]),
        ([Place("prod", "/a"), Place("prod", "/b"), Place("prod", "/ab")], [Place("prod", "/", below=True)]),
        (
            [Place("prod", "/a"), Place("prod", "/b/x"), Place("dev", "/c")],
            [Place("dev", "/c"), Place("prod", "/", below=True)],
        ),
        ([Place(name, "/") for name in "abc"], [EVERYWHERE]),
    ],
    ids=["one", "two", "siblings", "root", "two environments", "many environments"],
)
def test_places_are_widened_until_they_fit(places: list[Place], expected: list[Place]) -> None:
    assert list(widened(places)) == expected


paths = st.lists(st.sampled_from("abc"), max_size=3).map(lambda names: "/" + "/".join(names))
several = st.lists(st.builds(Place, st.sampled_from(["prod", "dev", "test"]), paths, st.booleans()), max_size=6)


@given(several)
def test_what_is_widened_holds_all_that_was_wanted_in_ten_registrations(places: list[Place]) -> None:
    made = widened(places)
    assert len(made) * 4 <= 10
    assert all(any(wide.holds(place) for wide in made) for place in places)


def test_a_folder_s_token_is_no_part_of_what_is_watched() -> None:
    assert watched("/app").query.credential == Token(WHO)
