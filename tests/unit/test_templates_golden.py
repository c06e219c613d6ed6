"""The engine beside Go's: tests/oracle holds the cases and Go's answers."""

import base64
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from secretsync.templates import GO, GO_SPRIG, Function, Record, Sources, TemplateError, parse_set
from secretsync.templates.errors import FunctionError

CASES = Path(__file__).parents[1] / "oracle" / "cases"
FILES = sorted(path.name for path in CASES.glob("*.jsonl"))
DIFFERENT = frozenset(["{{.p.Key.x}}"])
"""Whose error names a type: a record does not say of its fields that Go holds them in no interface."""
DIALECTS = {"": GO, "sprig": GO_SPRIG}
SOURCES = Sources(now=lambda: 1257894000_000000000, random=os.urandom)
"""The clock of the oracle, which stands at 2009-11-10 23:00:00 UTC."""
SUGGESTION = re.compile(r'; did you mean "\w+"\?$')


def value(found: Any) -> Any:
    """Return what stands for a value of the oracle: see `value` in main.go."""
    if isinstance(found, list):
        return [value(item) for item in found]
    if not isinstance(found, dict):
        return found
    if "$raw" in found:
        return base64.b64decode(found["$raw"]).decode("utf-8", "surrogateescape")
    if "$pair" in found:
        return pair(*found["$pair"])
    return {key: value(item) for key, item in found.items()}


def pair(key: str, held: Any) -> Record:
    def fail() -> None:
        raise FunctionError("no way")

    methods = {
        "Greet": Function(lambda name: f"{key} greets {name}", ("string",)),
        "Size": Function(lambda: len(key)),
        "Fail": fail,
    }
    return Record("main.Pair", {"Key": key, "Value": value(held)}, methods)


def answer(case: dict[str, Any]) -> tuple[str, str]:
    """Return what becomes of a case: `output` or `error`, and its text."""
    text = base64.b64decode(case["raw"]).decode("utf-8", "surrogateescape") if "raw" in case else case["text"]
    name = case.get("name", "t")
    left, right = case.get("delimiters", ("", ""))
    missing_key = case.get("missingkey", "default").replace("invalid", "default")
    texts = {name: text, **dict(case.get("more", []))}
    dialect = DIALECTS[case.get("functions", "")]
    try:
        made = parse_set(texts, dialect=dialect, delimiters=(left, right), missing_key=missing_key)
        return "output", made[name].render(value(case.get("data")), sources=SOURCES)
    except TemplateError as error:
        return "error", SUGGESTION.sub("", str(error))


def expected(case: dict[str, Any]) -> tuple[str, str]:
    """Return what Go made of a case, or the shape of that if it is by chance."""
    if "shape" in case:
        return "shape", case["shape"]
    if "raw_output" in case:
        return "output", base64.b64decode(case["raw_output"]).decode("utf-8", "surrogateescape")
    return ("error", case["error"]) if "error" in case else ("output", case["output"])


def agree(ours: tuple[str, str], theirs: tuple[str, str]) -> bool:
    """Return whether two answers are equal but for data that only Go quotes, or ours has the shape of Go's."""
    if theirs[0] == "shape":
        return re.fullmatch(theirs[1], ours[1], re.DOTALL) is not None
    if ours[0] == "error" == theirs[0] and "[redacted]" in ours[1]:
        pattern = re.escape(ours[1]).replace(re.escape("[redacted]"), ".*")
        return re.fullmatch(pattern, theirs[1], re.DOTALL) is not None
    return ours == theirs


def cases(file: str) -> Iterator[dict[str, Any]]:
    for line in (CASES / file).read_text("utf-8").splitlines():
        yield json.loads(line)


@pytest.mark.parametrize("file", FILES)
def test_templates_come_to_what_go_makes_of_them(file: str) -> None:
    found = [(case, answer(case), expected(case)) for case in cases(file)]
    assert found
    differing = [
        f"{case['id']} {case['text']!r}\n  ours {ours}\n  Go   {theirs}"
        for case, ours, theirs in found
        if not agree(ours, theirs) and case["text"] not in DIFFERENT
    ]
    assert not differing, "\n".join(differing)
