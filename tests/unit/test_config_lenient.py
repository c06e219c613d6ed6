"""Documents read leniently: what is odd is told and what is wrong is left out, so that all of it comes at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NewType

import pytest
from attrs import frozen

from secretsync.config import Flaw, Kind, Style, load_leniently
from secretsync.errors import InvalidInput

Even = NewType("Even", int)
KINDS: Mapping[Any, Kind] = {
    Even: Kind("an even number", lambda scalar: int(scalar.text) if scalar.text in {"2", "4"} else None)
}


@frozen(kw_only=True)
class Room:
    name_of_it: str = ""
    size: int = 0
    lit: bool = False
    even: Even | None = None
    words: str | tuple[str, ...] = ""
    doors: tuple[Room, ...] = ()
    whatever: tuple[Any, ...] = ()


def check(room: Room) -> Iterator[Flaw]:
    if not room.name_of_it:
        yield Flaw(("name-of-it",), "missing")
    if room.size > 9:
        yield Flaw(("size",), "too large")


def read(text: str, *, strict: bool = False) -> tuple[Room, tuple[str, ...]]:
    return load_leniently(text, Room, source="f", check=check, style=Style(KINDS, strict=strict))


def refused(text: str, *, strict: bool = False) -> tuple[str, ...]:
    with pytest.raises(InvalidInput) as caught:
        read(text, strict=strict)
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "room"),
    [
        ("name_of_it: a", Room(name_of_it="a")),
        ("name-of-it: ~\nname_of_it: b", Room(name_of_it="b")),
        ("name-of-it: a\nlit: ON", Room(name_of_it="a", lit=True)),
        ("name-of-it: a\nsize: 3.9", Room(name_of_it="a", size=3)),
        ("name-of-it: a\neven: 4", Room(name_of_it="a", even=Even(4))),
        ("name-of-it: a\nwords: b", Room(name_of_it="a", words="b")),
        ("name-of-it: a\nwords: [b, c]", Room(name_of_it="a", words=("b", "c"))),
        ("name-of-it: a\ndoors: ~\nsize: null", Room(name_of_it="a")),
        ("name-of-it: a\n<<: {name-of-it: b, size: 2}", Room(name_of_it="a", size=2)),
        ("name-of-it: a\n<<: [{size: 2}, {size: 3, lit: y}]", Room(name_of_it="a", size=2, lit=True)),
    ],
)
def test_what_others_took_is_taken_without_a_word(text, room):
    assert read(text) == (room, ())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name-of-it: a\nlit: 'yes'", "f:2:6: lit: is in quotes; write it without"),
        ("name-of-it: a\nsize: '3'", "f:2:7: size: is in quotes; write it without"),
        ("name-of-it: a\nsiz: 3", 'f:2:1: siz: unknown key, did you mean "size"?'),
        ("size: 1\nname-of-it: a\nsize: 2", "f:1:1: size: given again below, which counts"),
        ("name-of-it: a\n---\nb", "f:2:1: a second document begins here; one is read"),
    ],
)
def test_what_is_odd_is_told_and_refused_only_where_that_is_wanted(text, line):
    room, odd = read(text)
    assert room.name_of_it == "a"
    assert odd == (line,)
    assert refused(text, strict=True) == (line,)


def test_what_cannot_be_read_does_not_hide_the_rest():
    assert refused("size: 10\nlit: perhaps\neven: 3\ndoors: [{size: x}, 7]\nwhatever: 1\nodd: 1") == (
        "f:1:1: name-of-it: missing",
        "f:1:1: size: too large",
        "f:2:6: lit: expected true or false, got text",
        "f:3:7: even: expected an even number, got text",
        "f:4:16: doors[0].size: expected a whole number, got text",
        "f:4:20: doors[1]: expected a mapping, got text",
        "f:5:11: whatever: expected a list, got text",
    )


def test_a_check_does_not_repeat_what_was_told():
    assert refused("name-of-it: [a]") == ("f:1:13: name-of-it: expected text, got a list",)
    assert refused("[a]") == ("f:1:1: expected a mapping, got a list",)


def test_what_nobody_looks_at_may_be_anything():
    room, _ = read("name-of-it: a\nwhatever: [1, {b: c}, [d]]")
    assert len(room.whatever) == 3
