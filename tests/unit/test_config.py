"""Configuration: what is read as what, and every kind of problem with its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from secretsync.config import Check, Flaw, load, load_file, structure
from secretsync.errors import InvalidInput
from secretsync.values import SecretValue

CANARY = "c4n4ry-VALUE"


@frozen
class Door:
    name: str
    colour: Literal["red", "green"] = "red"
    locked: bool = False
    height: float = 2.0


@frozen
class House:
    slug: str
    door_count: int = 0
    doors: tuple[Door, ...] = ()
    keys: Mapping[str, SecretValue] = {}
    tokens: Mapping[SecretValue, Door] = {}
    owner: str | None = None
    secret: SecretValue | None = None
    note: str = "-"


def problems(text: str, check: Check[House] | None = None) -> tuple[str, ...]:
    with pytest.raises(InvalidInput) as caught:
        load(text, House, source="h.yaml", check=check)
    return caught.value.problems


def test_reads_every_type_under_wire_names() -> None:
    house = load(
        """
        slug: "x"
        doorCount: 2
        doors:
          - {name: front, colour: green, locked: true, height: 1.5e0}
          - name: back
        keys: {A: a, B: ""}
        tokens: {t: {name: side}}
        owner: Ann
        """,
        House,
        source="h.yaml",
    )
    assert house == House(
        slug="x",
        door_count=2,
        doors=(Door("front", "green", locked=True, height=1.5), Door("back")),
        keys={"A": SecretValue("a"), "B": SecretValue("")},
        tokens={SecretValue("t"): Door("side")},
        owner="Ann",
    )


@pytest.mark.parametrize("written", ["yes", "0644", "1:30", "null", "~", "1e3", "2026-11-22", "0x1f", "true"])
def test_plain_scalars_stay_text_where_text_is_wanted(written: str) -> None:
    assert load(f"slug: {written}", House, source="h").slug == written


def test_null_is_text_where_text_is_wanted_even_with_a_default() -> None:
    assert load("slug: x\nnote: null", House, source="h").note == "null"


@pytest.mark.parametrize("written", ["", "~", "null"])
def test_nothing_means_the_default(written: str) -> None:
    assert load(f"slug: x\nowner: {written}\ndoorCount: {written}\ndoors: {written}", House, source="h") == House("x")


def test_an_alias_is_what_it_names() -> None:
    assert load("slug: &a x\nowner: *a", House, source="h").owner == "x"


def test_aliases_of_aliases_do_not_grow() -> None:
    rows = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 50)}]" for n in range(1, 40)]
    assert len(problems("a0: &a0 [x]\n" + "\n".join(rows))) == 41


@pytest.mark.parametrize("text", ['{"slug": "x", "doorCount": 2}', '{\n\t"slug":\t"x",\n\t"doorCount":\t2\n}'])
def test_json_is_read_too(text: str) -> None:
    assert load(text, House, source="h") == House("x", door_count=2)


PROBLEMS = {
    "unknown key": ("slug: x\ndoorCuont: 1", 'h.yaml:2:1: doorCuont: unknown key, did you mean "doorCount"?'),
    "unknown key, nothing near": (
        "slug: x\nqqq: 1",
        "h.yaml:2:1: qqq: unknown key, known are slug, doorCount, doors, keys, tokens, owner, secret, note",
    ),
    "missing": ("doors:\n  - colour: red\nslug: x", "h.yaml:2:5: doors[0].name: missing"),
    "missing of all": ("", "h.yaml:1:1: slug: missing"),
    "twice": ("slug: x\nowner: a\nslug: y", "h.yaml:3:1: slug: given twice, first in line 1"),
    "twice in a map": ("slug: x\nkeys: {A: a, A: b}", "h.yaml:2:14: keys.A: given twice, first in line 2"),
    "twice, hidden": (
        "slug: x\ntokens: {A: {name: a}, A: {name: b}}",
        "h.yaml:2:24: tokens.…: given twice, first in line 2",
    ),
    "not whole": ("slug: x\ndoorCount: many", "h.yaml:2:12: doorCount: expected a whole number, got text"),
    "quoted number": ('slug: x\ndoorCount: "2"', "h.yaml:2:12: doorCount: expected a whole number, got text"),
    "octal": ("slug: x\ndoorCount: 007", "h.yaml:2:12: doorCount: expected a whole number, got text"),
    "not a truth value": (
        "slug: x\ndoors: [{name: n, locked: yes}]",
        "h.yaml:2:27: doors[0].locked: expected true or false, got text",
    ),
    "not a number": (
        "slug: x\ndoors: [{name: n, height: .inf}]",
        "h.yaml:2:27: doors[0].height: expected a number, got text",
    ),
    "not one of": (
        "slug: x\ndoors: [{name: n, colour: blue}]",
        "h.yaml:2:27: doors[0].colour: expected one of red, green, got text",
    ),
    "text forgotten": ("slug:", 'h.yaml:1:6: slug: expected text, got nothing (an empty text is written "")'),
    "value forgotten": (
        "slug: x\nkeys:\n  A:",
        'h.yaml:3:5: keys.A: expected text, got nothing (an empty text is written "")',
    ),
    "list for text": ("slug: [x]", "h.yaml:1:7: slug: expected text, got a list"),
    "mapping for list": ("slug: x\ndoors: {a: b}", "h.yaml:2:8: doors: expected a list, got a mapping"),
    "text for mapping": ("slug: x\nkeys: abc", "h.yaml:2:7: keys: expected a mapping, got text"),
    "list for all": ("- slug", "h.yaml:1:1: expected a mapping, got a list"),
    "key with a dot": (
        "slug: x\nkeys: {a.b: []}",
        'h.yaml:2:13: keys."a.b": expected text, got a list',
    ),
    "no anchor": ("slug: *x", 'h.yaml:1:7: no such anchor; a value that begins with "*" or "&" needs quotes'),
    "tag": ("slug: !x y", 'h.yaml:1:7: tags are not supported; a value that begins with "!" needs quotes'),
    "merge key": ("slug: x\n<<: {owner: y}", 'h.yaml:2:1: merge keys ("<<") are not supported; write the keys out'),
    "key that is no text": ("slug: x\n[a]: b", "h.yaml:2:1: a key must be text"),
    "two documents": ("slug: x\n---\nslug: y", "h.yaml:2:1: a second document begins here; one is read"),
    "colon": ("slug: a: b", 'h.yaml:1:8: not valid YAML: a value that contains ": " needs quotes'),
    "tab": (
        "slug:\n\tx",
        "h.yaml:2:1: not valid YAML: indent with spaces only, and quote a value that begins with @, ` or %",
    ),
    "open quote": ('slug: "x', "h.yaml:1:7: not valid YAML: this quote is not closed"),
    "bad escape": (
        'slug: "\\q"',
        "h.yaml:1:8: not valid YAML: in double quotes a backslash starts an escape; use single quotes, or write it twice",
    ),
    "open bracket": (
        "doors: [1",
        "h.yaml:1:8: not valid YAML: a bracket is not closed, or a comma is missing",
    ),
    "stray dash": (
        "- a\nb: c",
        "h.yaml:2:1: not valid YAML: check quotes, brackets and indentation here and above",
    ),
    "control character": (
        "slug: x\nowner: a\x07",
        "h.yaml:2:9: a character that YAML does not allow; write it as an escape in double quotes",
    ),
    "half a pair": (
        "slug: \ud800",
        "h.yaml:1:7: a character that YAML does not allow; write it as an escape in double quotes",
    ),
    "too deep": ("slug: " + "[" * 100_000, "h.yaml:1:56: nested deeper than 50 levels"),
}


@pytest.mark.parametrize(("text", "line"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_problem_names_place_and_remedy(text: str, line: str) -> None:
    assert problems(text) == (line,)


def test_all_problems_come_at_once_in_reading_order() -> None:
    found = problems("doorCount: x\nslug: *x\ndoors: [{}, {name: n, lokced: true}]\nkeys: 7")
    assert [line.split(": ")[0] for line in found] == [
        "h.yaml:1:12",
        "h.yaml:2:7",
        "h.yaml:3:9",
        "h.yaml:3:23",
        "h.yaml:4:7",
    ]


def no_owner(house: House) -> Iterator[Flaw]:
    if house.owner is None:
        yield Flaw(("owner",), "who owns it?")
    yield from (Flaw(("doors", n, "name"), "taken") for n, door in enumerate(house.doors) if door.name == "x")


def test_a_check_speaks_with_places_once_the_types_are_right() -> None:
    text = "slug: x\ndoors:\n  - name: a\n  - name: x"
    assert problems(text, no_owner) == ("h.yaml:1:1: owner: who owns it?", "h.yaml:4:5: doors[1].name: taken")
    assert problems(text + "\nowner: []", no_owner) == ("h.yaml:5:8: owner: expected text, got a list",)


@pytest.mark.parametrize(
    "text",
    [
        f"slug: x\nsecret: {{{CANARY}: 1}}",
        f"slug: x\nsecret: [{CANARY}]",
        f"slug: x\nsecret: *{CANARY}",
        f"slug: x\nsecret: !{CANARY} x",
        f"slug: x\nsecret: @{CANARY}",
        f'slug: x\nsecret: "{CANARY}',
        f'slug: x\nsecret: "{CANARY}\\q"',
        f"slug: x\nsecret: {CANARY}: {CANARY}",
        f"slug: x\ntokens: {{{CANARY}: {{nam: a}}}}",
        f"slug: x\ntokens: {{{CANARY}: {{name: a}}, {CANARY}: {{name: b}}}}",
        f"slug: x\ndoorCount: {CANARY}",
    ],
)
def test_no_problem_shows_a_value(text: str) -> None:
    assert CANARY not in "".join(problems(text))


@pytest.mark.parametrize("text", [f'slug: "{CANARY}', f"slug: x\ndoorCount: {CANARY}"], ids=["yaml", "type"])
def test_nothing_that_was_read_hangs_on_the_error(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        load(text, House, source="h.yaml")
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_bytes_that_are_no_text_do_not_hang_on_the_error(tmp_path: Path) -> None:
    path = tmp_path / "h.yaml"
    path.write_bytes(f"slug: {CANARY}".encode() + b"\xff")
    with pytest.raises(InvalidInput, match="not UTF-8 text") as caught:
        load_file(path, House)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@frozen
class Folder:
    name: str
    folders: tuple[Folder, ...] = ()


def test_a_class_may_hold_itself() -> None:
    text = "name: a\nfolders: [{name: b, folders: [{name: c}]}]"
    assert load(text, Folder, source="f") == Folder("a", (Folder("b", (Folder("c"),)),))


def test_parsed_json_has_paths_without_places() -> None:
    assert structure({"slug": "x", "doorCount": 3, "owner": None, "keys": {"A": "😀"}}, House, source="body") == House(
        "x", door_count=3, keys={"A": SecretValue("😀")}
    )
    with pytest.raises(InvalidInput) as caught:
        structure({"slug": 5, "doorCount": True, "keys": {"A": None}}, House, source="body")
    assert caught.value.problems == (
        "body: doorCount: expected a whole number, got text",
        'body: keys.A: expected text, got nothing (an empty text is written "")',
    )


def test_half_a_surrogate_pair_is_refused_because_it_has_no_bytes() -> None:
    with pytest.raises(InvalidInput) as caught:
        structure({"slug": "\ud800", "tokens": {"\udfff": {"name": "a"}}}, House, source="body")
    assert caught.value.problems == (
        "body: slug: expected text, got text with half a surrogate pair, which has no bytes",
        "body: tokens: a key with half a surrogate pair, which has no bytes",
    )


def test_a_file_is_named_in_its_problems(tmp_path: Path) -> None:
    path = tmp_path / "h.yaml"
    path.write_text("slug: []")
    with pytest.raises(InvalidInput, match=r"h\.yaml:1:7: slug: expected text"):
        load_file(path, House)


@pytest.mark.parametrize(("content", "why"), [(None, "No such file"), (b"slug: \xff", "not UTF-8 text")])
def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path, content: bytes | None, why: str) -> None:
    path = tmp_path / "h.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidInput, match=why):
        load_file(path, House)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["slug", "doors", "keys", "name"]) | st.text(), inner)
    ),
)
DOORS = st.builds(
    Door,
    st.text(),
    st.sampled_from(["red", "green"]),
    locked=st.booleans(),
    height=st.floats(0, 10).map(lambda x: round(x, 3)),
)


def read_or_refused(read: Callable[[], House]) -> tuple[str, ...]:
    try:
        read()
    except InvalidInput as error:
        return error.problems
    return ()


@given(JSON)
def test_any_document_is_read_or_refused(document: object) -> None:
    raw, escaped = json.dumps(document, ensure_ascii=False), json.dumps(document)
    lines = [
        *read_or_refused(lambda: load(raw, House, source="h")),
        *read_or_refused(lambda: load(escaped, House, source="h")),
        *read_or_refused(lambda: structure(document, House, source="h")),
    ]
    assert all(line.isprintable() for line in lines)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    assert all(line.isprintable() for line in read_or_refused(lambda: load(text, House, source="h")))


@given(DOORS)
def test_what_json_says_is_what_is_read(door: Door) -> None:
    said = {"name": door.name, "colour": door.colour, "locked": door.locked, "height": door.height}
    assert structure(said, Door, source="d") == door
