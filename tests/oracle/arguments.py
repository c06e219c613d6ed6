"""Cases for functions: a call that makes sense, and every kind of value in the place of each argument."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import Any

Cases = Iterator[dict[str, Any]]

VALUES: dict[str, Any] = {
    "nil": None,
    "true": True,
    "zero": 0,
    "int": 42,
    "negative": -7,
    "float": 2.5,
    "empty": "",
    "text": "some Text, here",
    "unicode": "h\u00e9 W\u00f6rld \u01c6\U0001f600\u00df",
    "raw": {"$raw": base64.b64encode(b"a\xffb \xc3").decode()},
    "digits": "0x1F",
    "list": [3, "a", None, [2], "", "a", 1.5],
    "texts": ["b", "a", "\u00e9"],
    "empty-list": [],
    "map": {"b": 1, "a": {"c": None}, "\u00e9": ["x"]},
    "empty-map": {},
}


def calls(name: str, *args: str) -> Cases:
    """Yield a call, the same with the last argument from a pipeline, and with every value for each argument."""
    call = "{{" + " ".join([name, *args]) + "}}"
    yield {"text": call}
    yield {"text": '{{printf "%T %#v" (' + call[2:-2] + ")}}"}
    if args:
        yield {"text": "{{" + args[-1] + " | " + " ".join([name, *args[:-1]]) + "}}"}
        yield {"text": "{{" + " ".join([name, *args[:-1]]) + "}}"}
    yield {"text": "{{" + " ".join([name, *args, "1"]) + "}}"}
    for at in range(len(args)):
        yield {"text": "{{" + " ".join([name, *args[:at], "nil", *args[at + 1 :]]) + "}}"}
        yield {"text": "{{" + " ".join([name, *args[:at], ".none", *args[at + 1 :]]) + "}}", "data": {}}
        for value in VALUES.values():
            yield {"text": "{{" + " ".join([name, *args[:at], ".x", *args[at + 1 :]]) + "}}", "data": {"x": value}}


def each(texts: Iterable[str], data: Any = None) -> Cases:
    """Yield a case for each text."""
    for text in texts:
        yield {"text": text} if data is None else {"text": text, "data": data}


def over(texts: Iterable[str], values: Iterable[Any]) -> Cases:
    """Yield a case for each text with each value as `.x`."""
    found = list(values)
    for text in texts:
        for value in found:
            yield {"text": text, "data": {"x": value}}


def raw(content: bytes) -> dict[str, str]:
    """Return the data that stands for a text that need not be UTF-8."""
    return {"$raw": base64.b64encode(content).decode()}
