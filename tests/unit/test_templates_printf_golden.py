"""What Go's fmt and text/template wrote, recorded by tests/oracle/printf: every text must be the same here."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from secretsync.templates import comparison, printing
from secretsync.templates.printf.formats import compiled, printf
from secretsync.templates.quoting import is_printable
from secretsync.templates.values import Record

VERBS = "vTtbcdoOqxXUeEfFgGspwzé"
GOLDEN = Path(__file__).parents[1] / "oracle" / "printf"


def lines(name: str) -> list[Any]:
    return [json.loads(line) for line in (GOLDEN / f"{name}.jsonl").read_text("utf-8").splitlines()]


def value(written: Any) -> Any:
    """Return the value that tests/oracle/printf/values.go has written."""
    if isinstance(written, list):
        return [value(item) for item in written]
    if not isinstance(written, dict):
        return written
    ((kind, content),) = written.items()
    match kind:
        case "float":
            return float(content)
        case "complex":
            return complex(*map(float, content))
        case "map":
            return {key: value(item) for key, item in content.items()}
    name, fields, text = content
    methods = {} if text is None else {"String": lambda: text}
    return Record(name, {key: value(item) for key, item in fields.items()}, methods)


def cases() -> Iterator[tuple[str, str, list[Any], str]]:
    """Yield the format, the kind, the arguments and the text of each recorded case of one directive."""
    values = [(kind, value(written)) for kind, written in lines("values")]
    for form, texts in lines("verbs"):
        for number, text in texts.items():
            kind, argument = values[int(number)]
            yield form, kind, [argument], text


def different(made: list[tuple[str, Any, str, str]]) -> list[tuple[str, Any, str, str]]:
    return [case for case in made if case[2] != case[3]][:20]


def test_every_verb_writes_every_kind_as_go_does() -> None:
    assert not different([(form, args, printf(form, args), text) for form, _, args, text in cases()])


def test_a_compiled_format_writes_the_same() -> None:
    assert not different([(form, args, compiled(form, len(args))(*args), text) for form, _, args, text in cases()])


def test_every_verb_was_tried_with_every_flag_and_kind() -> None:
    """At least ten times; nil has one value only, so without a flag it was tried with each width and precision."""
    tried: Counter[tuple[str, str, str]] = Counter()
    for form, kind, _, _ in cases():
        flags = form[1 : -len(form.lstrip("%-+# 0"))] or "."
        tried.update((form[-1], flag, kind) for flag in flags)
    assert len(tried) == 23 * 6 * 9 - 2 * 6, "%p of a map or list is an address"
    assert sum(tried.values()) > 15_000
    assert {cell for cell, count in tried.items() if count < 10} == {(verb, ".", "nil") for verb in VERBS}


def test_whole_formats_and_broken_ones_read_as_in_go() -> None:
    recorded = [(form, value(args), text) for form, args, text in lines("formats")]
    assert not different([(form, args, printf(form, args), text) for form, args, text in recorded])
    assert not different([(form, args, compiled(form, len(args))(*args), text) for form, args, text in recorded])


def test_print_println_and_actions_write_as_in_go() -> None:
    calls = {"text": printing.text, "print": printing.print_, "println": printing.println}
    recorded = [(name, value(args), text) for name, args, text in lines("printing")]
    assert not different([(name, args, calls[name](*args), text) for name, args, text in recorded])


def outcome(name: str, args: list[Any]) -> list[bool | str | None]:
    try:
        return [getattr(comparison, name)(*args), None]
    except comparison.ComparisonError as exc:
        return [None, str(exc)]


def test_comparisons_answer_and_refuse_as_in_go() -> None:
    same: dict[str, Any] = {}  # the pointer among the values is one and the same in all lines

    def known(written: Any) -> Any:
        return same.setdefault(json.dumps(written), value(written))

    recorded = [(name, list(map(known, args)), rest) for name, args, *rest in lines("comparison")]
    assert not different([(name, args, str(outcome(name, args)), str(rest)) for name, args, rest in recorded])


def test_the_same_characters_are_printable_as_in_go() -> None:
    printable = {code for first, last in lines("printable") for code in range(first, last + 1)}
    assert {code for code in range(0x80, sys.maxunicode + 1) if is_printable(chr(code))} == printable
