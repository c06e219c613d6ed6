"""Templates beside Go's: what our engine makes of a case of tests/oracle, and whether Go makes the same of it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

from secretsync.templates import (
    GO,
    GO_SPRIG,
    Dialect,
    Function,
    FunctionError,
    Record,
    Sources,
    TemplateError,
    parse_set,
)
from secretsync.templates.kmssecret import KMS_SECRET
from secretsync.templates.values import TypedList, TypedMap

ORACLE: Final = Path(__file__).parent / "oracle"
SUGGESTION: Final = re.compile(r'; did you mean "\w+"\?$')
"""What our errors say after Go's."""
SOURCES: Final = Sources(now=lambda: 1_257_894_000_000_000_000, random=Random(1).randbytes)
"""The oracle's clock stands still at 2009-11-10 23:00:00 UTC."""

Answer = tuple[str, str]
"""`output` or `error`, and its text."""


def cases(folder: str, file: str = "*") -> Iterator[dict[str, Any]]:
    """Yield the golden cases of a folder."""
    for path in sorted((ORACLE / folder).glob(f"{file}.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            yield json.loads(line)


def value(found: Any) -> Any:
    """Return what stands for a value of the oracle: see `value` in main.go."""
    if isinstance(found, list):
        return [value(item) for item in found]
    if not isinstance(found, dict):
        return found
    if "$raw" in found:
        return base64.b64decode(found["$raw"]).decode("utf-8", "surrogateescape")
    if "$texts" in found:
        return TypedList("[]string", found["$texts"])
    if "$numbers" in found:
        return TypedList("[]int", found["$numbers"])
    if "$named" in found:
        return TypedMap("map[string]string", found["$named"])
    if "$pair" in found:
        return pair(*found["$pair"])
    return {key: value(item) for key, item in found.items()}


def pair(key: str, held: Any) -> Record:
    def fail() -> None:
        raise FunctionError("no way")

    methods: dict[str, Callable[..., object]] = {
        "Greet": Function(lambda name: f"{key} greets {name}", ("string",)),
        "Size": Function(lambda: len(key)),
        "Fail": fail,
    }
    return Record("main.Pair", {"Key": key, "Value": value(held)}, methods, of_any=("Value",))


def ours(case: dict[str, Any]) -> Answer:
    """Return what becomes of a case."""
    text = base64.b64decode(case["raw"]).decode("utf-8", "surrogateescape") if "raw" in case else case["text"]
    name = case.get("name", "t")
    left, right = case.get("delimiters", ("", ""))
    missing_key = case.get("missingkey", "default").replace("invalid", "default")
    try:
        made = parse_set(
            {name: text, **dict(case.get("more", []))},
            delimiters=(left, right),
            missing_key=missing_key,
            dialect=dialect(case.get("functions", "")),
        )
        return "output", made[name].render(value(case.get("data")), sources=SOURCES)
    except TemplateError as error:
        return "error", SUGGESTION.sub("", str(error))


def dialect(functions: str) -> Dialect:
    """Return the language of a case by the set of functions it names."""
    return {"": GO, "sprig": GO_SPRIG, "kmssecret": KMS_SECRET}[functions]


def theirs(case: dict[str, Any]) -> Answer:
    """Return what Go made of a case."""
    if "raw_output" in case:
        return "output", base64.b64decode(case["raw_output"]).decode("utf-8", "surrogateescape")
    return ("error", case["error"]) if "error" in case else ("output", case["output"])


def agree(ours: Answer, theirs: Answer) -> bool:
    """Return whether two answers are equal but for data that only Go quotes; of an empty error, that there is one."""
    if ours[0] == "error" == theirs[0]:
        if not theirs[1]:
            return True
        pattern = re.escape(ours[1]).replace(re.escape("[redacted]"), ".*")
        pattern = pattern.replace("depth\\ \\(100\\)", r"depth\ \(100000\)")  # ours is smaller
        return re.fullmatch(pattern, theirs[1], re.DOTALL) is not None
    return ours == theirs


def right(case: dict[str, Any]) -> bool:
    """Return whether we make of a case what Go makes of it; of what is by chance, whether it has the shape."""
    if "shape" in case:
        return re.fullmatch(case["shape"], ours(case)[1], re.DOTALL) is not None
    return agree(ours(case), theirs(case))
